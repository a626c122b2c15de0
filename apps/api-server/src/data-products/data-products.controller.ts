/**
 * /v1/data-products: upload bytes, look them up, download them. An upload is in the content store before the command
 * that names it is sent; its id follows from its content and name, so the same upload twice is one data product.
 */
import { Controller, Get, Headers, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  dataProductIdOf,
  dataProductIdSchema,
  dataProductResponseSchema,
  dataProductSchema,
  fileNameSchema,
  getQuerySchema,
  type DataProductResponse,
} from '@tidemark/contracts';
import { ContentStore, type StoredContent } from '@tidemark/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AskedBy } from '../authentication/asked-by.js';
import { sendContent } from '../http/send-content.js';
import { Problem } from '../problems/problem.js';
import { Asking, type Asker } from '../requests/asking.js';
import { receivedFile, type ReceivedFile } from './received-file.js';

/** Bytes of one upload. */
export const UPLOAD_BYTES_MAX = 1024 ** 3;

const uploadQuerySchema = z.strictObject({ name: fileNameSchema.optional() });

@ApiTags('data products')
@Controller('v1/data-products')
export class DataProductsController {
  constructor(
    @Inject(Asking) private readonly asking: Asking,
    @Inject(ContentStore) private readonly content: ContentStore,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Upload a file',
    description: 'The bytes as application/octet-stream with ?name=, or one file as multipart/form-data.',
  })
  @ApiConsumes('application/octet-stream', 'multipart/form-data')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiResponse({ status: 201, standardSchema: dataProductResponseSchema })
  async upload(
    @Query({ schema: uploadQuerySchema }) query: z.output<typeof uploadQuerySchema>,
    @Headers('repr-digest') digest: string | undefined,
    @AskedBy() asker: Asker,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DataProductResponse> {
    const file = await receivedFile(request, query.name);
    const stored = await this.#store(file, digest);
    const { gateway } = asker.principal;
    const dataProduct = dataProductSchema.parse({
      id: dataProductIdOf({ gateway, name: file.name, sha256: stored.sha256 }),
      name: file.name,
      ...stored,
      contentType: file.contentType,
    });
    const catalogPosition = await this.asking.catalogEnd();
    const key = `data-product/${dataProduct.id}`;
    const { position } = await this.asking.command(
      'RegisterDataProduct',
      key,
      { dataProduct, catalogPosition },
      asker,
    );
    const { result } = await this.asking.query('GetDataProduct', { id: dataProduct.id, position }, asker);
    if (result === null)
      throw new Problem('no-reply', 'The upload is registered; the view does not show it yet.');
    reply
      .status(201)
      .header('location', `/v1/data-products/${dataProduct.id}`)
      .header('log-position', position);
    return { ...result, position };
  }

  @Get(':id')
  @ApiOperation({ summary: 'What is known of a data product' })
  @ApiResponse({ status: 200, standardSchema: dataProductResponseSchema })
  async get(
    @Param('id', { schema: dataProductIdSchema }) id: string,
    @Query({ schema: getQuerySchema }) query: z.output<typeof getQuerySchema>,
    @AskedBy() asker: Asker,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DataProductResponse> {
    const { result, position } = await this.asking.query('GetDataProduct', { ...query, id }, asker);
    if (result === null) throw noSuchDataProduct();
    reply.header('log-position', position);
    return { ...result, position };
  }

  @Get(':id/content')
  @ApiOperation({
    summary: 'The bytes of a data product',
    description: 'Range and If-None-Match are understood.',
  })
  async download(
    @Param('id', { schema: dataProductIdSchema }) id: string,
    @Query({ schema: getQuerySchema }) query: z.output<typeof getQuerySchema>,
    @AskedBy() asker: Asker,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { result } = await this.asking.query('GetDataProduct', { ...query, id }, asker);
    if (result === null) throw noSuchDataProduct();
    sendContent(this.content, { ...result, fileName: result.name }, request, reply);
  }

  async #store(file: ReceivedFile, digest: string | undefined): Promise<StoredContent> {
    const sha256 = digest === undefined ? undefined : promisedHash(digest);
    const stored = await this.content.put(file.bytes, {
      bytesMax: UPLOAD_BYTES_MAX,
      ...(sha256 === undefined ? {} : { sha256 }),
    });
    if (!('refused' in stored)) return stored;
    throw stored.refused === 'too-large'
      ? new Problem('too-large', `An upload has at most ${UPLOAD_BYTES_MAX} bytes.`)
      : new Problem('digest-mismatch', 'The bytes do not have the hash of Repr-Digest; nothing was kept.');
  }
}

const noSuchDataProduct = (): Problem =>
  new Problem('data-product-not-found', 'No data product has this id.');

/** `Repr-Digest: sha-256=:base64:` (RFC 9530) as hexadecimal. */
function promisedHash(header: string): string {
  const [, base64] = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/]{43}=):/.exec(header) ?? [];
  if (base64 === undefined) throw new Problem('malformed', 'Repr-Digest must carry sha-256=:BASE64:.');
  return Buffer.from(base64, 'base64').toString('hex');
}
