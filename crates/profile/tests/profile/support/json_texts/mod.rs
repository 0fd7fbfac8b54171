//! Random JSON texts, made to hit every rule of spec 1.4: keys that come twice or look like indices, numbers of all
//! magnitudes and spellings, escapes in every form, pairs and single surrogates. One in five is damaged.

mod json_numbers;

use rand::{RngExt, rngs::StdRng};

/// A text, valid or not.
pub(crate) fn json_text(rng: &mut StdRng) -> Vec<u8> {
    let mut text = Text { rng, out: String::new() };
    match text.rng.random_range(0..200) {
        0 => text.large_object(),
        1 => text.deep_value(),
        _ => text.value(5),
    }
    let mut bytes = text.out.into_bytes();
    if rng.random_ratio(1, 5) {
        damage(&mut bytes, rng);
    }
    bytes
}

/// Bytes that mean something in JSON, or must not stand in it.
const TELLING_BYTES: &[u8] = b"{}[]:,\"\\/u0123456789eE+-. \n\0\x0b\x0c\x1f\x7fnt";

/// Changes, adds, removes or cuts at a random place.
fn damage(bytes: &mut Vec<u8>, rng: &mut StdRng) {
    let byte = if rng.random_ratio(1, 20) {
        rng.random()
    } else {
        TELLING_BYTES[rng.random_range(0..TELLING_BYTES.len())]
    };
    let place = rng.random_range(0..bytes.len());
    match rng.random_range(0..4) {
        0 => bytes[place] = byte,
        1 => bytes.insert(place, byte),
        2 => drop(bytes.remove(place)),
        _ => bytes.truncate(place),
    }
}

/// Keys that are indices, that only look like it, and that mean something to JavaScript.
const KEYS: [&str; 22] = [
    "0",
    "1",
    "2",
    "10",
    "9",
    "00",
    "01",
    "-1",
    "-0",
    "1.5",
    "1e3",
    "4294967293",
    "4294967294",
    "4294967295",
    "4294967296",
    "99999999999",
    "a",
    "b",
    "",
    "__proto__",
    "constructor",
    "toJSON",
];

struct Text<'r> {
    rng: &'r mut StdRng,
    out: String,
}

impl Text<'_> {
    fn value(&mut self, levels: usize) {
        self.space();
        match self.rng.random_range(0..if levels == 0 { 7 } else { 12 }) {
            0..3 => self.number(),
            3..6 => self.string(),
            6 => self.push_one_of(&["true", "false", "null"]),
            7 | 8 => self.array(levels - 1),
            _ => self.object(levels - 1),
        }
        self.space();
    }

    fn array(&mut self, levels: usize) {
        let length = self.rng.random_range(0..6);
        self.list("[]", length, |text| text.value(levels));
    }

    fn object(&mut self, levels: usize) {
        let length = self.rng.random_range(0..9);
        self.list("{}", length, |text| text.member(levels));
    }

    /// V8 keeps large objects, and ones with far-apart indices, in another form than small ones.
    fn large_object(&mut self) {
        let length = self.rng.random_range(100..3_000);
        self.list("{}", length, |text| {
            let number = text.rng.random_range(0..5_000_u64);
            let key = match text.rng.random_range(0..3) {
                0 => number.to_string(),
                1 => (number * 858_993).to_string(),
                _ => format!("key{number}"),
            };
            text.out += &format!("\"{key}\":{number}");
        });
    }

    fn deep_value(&mut self) {
        let levels = self.rng.random_range(1..120);
        let arrays: Vec<bool> = (0..levels).map(|_| self.rng.random()).collect();
        for is_array in &arrays {
            self.out += if *is_array { "[" } else { "{\"x\":0,\"1\":" };
        }
        self.value(1);
        for is_array in arrays.iter().rev() {
            self.out += if *is_array { "]" } else { ",\"x\":1}" };
        }
    }

    fn list(&mut self, brackets: &str, length: usize, mut item: impl FnMut(&mut Self)) {
        self.out += &brackets[..1];
        self.space();
        for number in 0..length {
            if number > 0 {
                self.out.push(',');
            }
            item(self);
        }
        self.out += &brackets[1..];
    }

    fn member(&mut self, levels: usize) {
        self.space();
        if self.rng.random_ratio(2, 3) {
            let key = self.one_of(&KEYS);
            self.key(key);
        } else {
            self.string();
        }
        self.space();
        self.out.push(':');
        self.value(levels);
    }

    /// A key in one of its spellings.
    fn key(&mut self, key: &str) {
        let is_escaped = self.rng.random_ratio(1, 4);
        self.out.push('"');
        for character in key.chars() {
            if is_escaped && self.rng.random() {
                self.escape(character as u16);
            } else {
                self.out.push(character);
            }
        }
        self.out.push('"');
    }

    fn string(&mut self) {
        self.out.push('"');
        for _ in 0..self.rng.random_range(0..8) {
            self.piece();
        }
        self.out.push('"');
    }

    /// A few characters of a string, raw or escaped.
    fn piece(&mut self) {
        match self.rng.random_range(0..10) {
            0..2 => self.push_one_of(&["plain text", "0", "/", "<>&'", "\u{7f}\u{80}"]),
            2 => self.push_one_of(&["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]),
            3 => self.push_one_of(&["é", "€", "\u{2028}", "\u{2029}", "\u{feff}", "\u{ffff}"]),
            4 => {
                let astral = self.rng.random_range(0x1_0000..=0x10_ffff);
                self.out.extend(char::from_u32(astral));
            }
            5 => {
                let unit = self.rng.random();
                self.escape(unit);
            }
            6 => {
                let unit = self.rng.random_range(0..0x80);
                self.escape(unit);
            }
            7 => self.surrogate(0xd800),
            8 => self.surrogate(0xdc00),
            _ => {
                self.surrogate(0xd800);
                self.surrogate(0xdc00);
            }
        }
    }

    /// One of the 1,024 surrogates from `first`, often an outermost one.
    fn surrogate(&mut self, first: u16) {
        let any = self.rng.random_range(0..0x400);
        let number = self.one_of(&[0, 1, 0x3ff, any]);
        self.escape(first + number);
    }

    fn escape(&mut self, unit: u16) {
        self.out += &if self.rng.random() { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
    }

    fn push_one_of(&mut self, texts: &[&str]) {
        let text = self.one_of(texts);
        self.out += text;
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.rng.random_range(0..choices.len())]
    }

    fn space(&mut self) {
        if self.rng.random_ratio(1, 6) {
            self.push_one_of(&[" ", "\n", "\t", "\r\n", "  "]);
        }
    }
}
