// The token that this tab asks with. It is kept for the tab alone, and is never part of an address.

const KEY = "hivestand-token";

/** The token; empty where none was given. */
export function token() {
  return sessionStorage.getItem(KEY) ?? "";
}

/**
 * Ask with another token from now on.
 * @param {string} value
 */
export function setToken(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}
