/**
 * Certificates for servers that are started to be tried (RFC 5280): made in memory, in milliseconds, from `node:crypto`
 * alone. Each has a new P-256 key.
 *
 * A certificate of one fixed shape is a template and no cryptography; a library for all shapes would take longer to load
 * than the whole command.
 *
 * @since 0.1.0
 */
import * as crypto from "node:crypto"
import * as IpAddress from "../smtp/IpAddress.js"

/**
 * A certificate and its private key, as PEM.
 *
 * @since 0.1.0
 * @category models
 */
export interface Certified {
  readonly certificate: string
  readonly key: string
}

/**
 * Who may sign the certificates of others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Authority extends Certified {
  readonly name: string
}

/**
 * What a certificate says. It begins an hour ago, for clocks that are behind, and ends in 30 days, unless told otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export interface CertificateOptions {
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

/**
 * A certificate authority of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const authority = (name = "smtp-source test authority", options: CertificateOptions = {}): Authority => {
  const pair = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
  const extensions = [
    extension(oids.basicConstraints, sequence(derTrue), "critical"),
    extension(oids.keyUsage, bits(keyUsage.sign), "critical")
  ]
  return { name, ...certify(name, name, pair, pair.privateKey, extensions, options) }
}

/**
 * A certificate for these host names and addresses, signed by an authority: for servers, and for clients.
 *
 * @since 0.1.0
 * @category constructors
 */
export const issue = (
  by: Authority,
  hosts: readonly [string, ...ReadonlyArray<string>],
  options: CertificateOptions = {}
): Certified => {
  const pair = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
  return certify(hosts[0], by.name, pair, crypto.createPrivateKey(by.key), ofHosts(hosts), options)
}

/**
 * A certificate for these host names and addresses that signs itself. Who trusts it as an authority can verify it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const selfSigned = (
  hosts: readonly [string, ...ReadonlyArray<string>],
  options: CertificateOptions = {}
): Certified => {
  const pair = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
  return certify(hosts[0], hosts[0], pair, pair.privateKey, ofHosts(hosts), options)
}

const certify = (
  subject: string,
  issuer: string,
  pair: crypto.KeyPairKeyObjectResult,
  signer: crypto.KeyObject,
  extensions: ReadonlyArray<Buffer>,
  { from = new Date(Date.now() - 3_600_000), to = new Date(Date.now() + 30 * 86_400_000) }: CertificateOptions
): Certified => {
  const serial = crypto.randomBytes(16)
  // Positive, and of full length.
  serial[0] = (serial[0]! & 0x3f) | 0x40
  const toBeSigned = sequence(
    explicit(0, element(Tag.integer, Buffer.of(2))),
    element(Tag.integer, serial),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(from), time(to)),
    commonName(subject),
    pair.publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...extensions))
  )
  const signature = crypto.sign("sha256", toBeSigned, signer)
  const der = sequence(toBeSigned, ecdsaWithSha256, element(Tag.bitString, Buffer.of(0), signature))
  const base64 = der.toString("base64").replace(/.{1,64}/g, "$&\n")
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`,
    key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  }
}

const ofHosts = (hosts: ReadonlyArray<string>): ReadonlyArray<Buffer> => [
  extension(oids.keyUsage, bits(keyUsage.digitalSignature), "critical"),
  extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth), oid(oids.clientAuth))),
  extension(oids.subjectAltName, sequence(...hosts.map(alternativeName)))
]

const alternativeName = (host: string): Buffer => {
  const address = IpAddress.parse(host)
  return address === undefined
    ? element(Tag.dnsName, Buffer.from(host, "latin1"))
    : element(Tag.ipAddress, Buffer.from(address))
}

/** The tags of DER (ITU-T X.690) that are used here. */
const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  dnsName: 0x82,
  ipAddress: 0x87
} as const

const oids = {
  commonName: "550403",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
  ecdsaWithSha256: "2a8648ce3d040302"
} as const

/** The bits of keyUsage, from the left, and how many of the last byte are not used. */
const keyUsage = {
  digitalSignature: { byte: 0x80, unused: 7 },
  sign: { byte: 0x06, unused: 1 }
} as const

const element = (tag: number, ...parts: ReadonlyArray<Buffer>): Buffer => {
  const body = Buffer.concat(parts)
  const { length } = body
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), body])
}

const sequence = (...parts: ReadonlyArray<Buffer>): Buffer => element(Tag.sequence, ...parts)

const explicit = (number: number, body: Buffer): Buffer => element(0xa0 + number, body)

const oid = (hex: string): Buffer => element(Tag.objectIdentifier, Buffer.from(hex, "hex"))

const derTrue = element(Tag.boolean, Buffer.of(255))

const ecdsaWithSha256 = sequence(oid(oids.ecdsaWithSha256))

const commonName = (name: string): Buffer =>
  sequence(element(Tag.set, sequence(oid(oids.commonName), element(Tag.utf8String, Buffer.from(name)))))

/** RFC 5280 §4.1.2.5: years up to 2049 have two digits. */
const time = (date: Date): Buffer => {
  const digits = `${date.toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050
    ? element(Tag.utcTime, Buffer.from(digits.slice(2)))
    : element(Tag.generalizedTime, Buffer.from(digits))
}

const bits = ({ byte, unused }: { readonly byte: number; readonly unused: number }): Buffer =>
  element(Tag.bitString, Buffer.of(unused, byte))

const extension = (id: string, body: Buffer, critical?: "critical"): Buffer =>
  sequence(oid(id), ...(critical === undefined ? [] : [derTrue]), element(Tag.octetString, body))
