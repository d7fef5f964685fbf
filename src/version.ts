/**
 * The version of this package: package.json's, which a test compares.
 *
 * @since 0.1.0
 */
export const version = "0.1.0"
