// host/linux/interfaceName.ts: what an interface may be called.

import { optionError } from '../errors.js';

const IFNAMSIZ = 16; // with the null byte at the end

/**
 * Checks a name by the rules of the kernel (dev_valid_name): 1..15 bytes, not `.` or `..`, no `/`, `:` or white space.
 * @param option What to call it in the message: `interfaces[0].name`.
 * @throws MaglevError ERR_OPTION
 */
export function checkInterfaceName(name: string, option: string): void {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes < 1 || bytes >= IFNAMSIZ) throw optionError(option, name, `must have 1..${IFNAMSIZ - 1} bytes`);
  if (name === '.' || name === '..' || /[/:\s\0]/.test(name)) {
    throw optionError(option, name, 'must be an interface name: not . or .., without / : and white space');
  }
}
