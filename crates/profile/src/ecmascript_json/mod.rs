//! JSON text as ECMAScript's `JSON.stringify(JSON.parse(text))` writes it, byte for byte.
