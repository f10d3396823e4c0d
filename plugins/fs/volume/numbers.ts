/** Descriptors of volumes are above this; an operating system has none of such numbers unless it is told to. */
export const FIRST_DESCRIPTOR = 0x40_00_00_00
