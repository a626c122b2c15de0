// NestJS's own Kafka transport, as it comes: a microservice with a request handler and an event handler, and a
// `ClientKafka` that sends to the one and emits to the other.
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import kafkajs from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { BrokerProcess } from '../harness/broker-process.js';
import { eventually } from '../harness/eventually.js';

const heard: string[] = [];

@Controller()
class Greeter {
  @MessagePattern('greet')
  greet(@Payload() message: { name: string }): { text: string } {
    return { text: `hello ${message.name}` };
  }

  @EventPattern('said')
  said(@Payload() message: { word: string }): void {
    heard.push(message.word);
  }
}

@Module({ controllers: [Greeter] })
class GreeterModule {}

describe('NestJS stock Kafka transport', () => {
  let broker: BrokerProcess;
  let service: INestMicroservice;
  let client: ClientKafka;

  beforeAll(async () => {
    broker = await BrokerProcess.start();
    const connection = { brokers: [broker.address], logLevel: kafkajs.logLevel.NOTHING };
    const admin = new kafkajs.Kafka(connection).admin();
    await admin.connect();
    await admin.createTopics({
      topics: ['greet', 'greet.reply', 'said'].map((topic) => ({ topic, numPartitions: 1 })),
    });
    await admin.disconnect();
    service = await NestFactory.createMicroservice<MicroserviceOptions>(GreeterModule, {
      transport: Transport.KAFKA,
      logger: false,
      options: { client: connection, consumer: { groupId: 'greeter', maxWaitTimeInMs: 100 } },
    });
    await service.listen();
    client = new ClientKafka({ client: connection, consumer: { groupId: 'asker', maxWaitTimeInMs: 100 } });
    client.subscribeToResponseOf('greet');
    await client.connect();
  }, 60_000);
  afterAll(async () => {
    await client.close();
    await service.close();
    await broker.stop();
  }, 30_000);

  it('sends and gets the reply', async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) => firstValueFrom(client.send('greet', { name: String(index) }))),
    );
    expect(replies).toEqual(Array.from({ length: 20 }, (_, index) => ({ text: `hello ${index}` })));
  }, 30_000);

  it('emits', async () => {
    await firstValueFrom(client.emit('said', { word: 'tide' }));
    await eventually(() => heard.includes('tide'));
  }, 30_000);
});
