//! Numbers of all magnitudes and spellings, with those near the edges of a double more often than chance would give.

use rand::RngExt;

use super::Text;

impl Text<'_> {
    pub(super) fn number(&mut self) {
        let number = match self.rng.random_range(0..8) {
            0 => self.rng.random_range(-20..20_i64).to_string(),
            1 => self.rng.random::<i64>().to_string(),
            2 => (9_007_199_254_740_992_i64 + self.rng.random_range(-9..9)).to_string(),
            3 => self.double(),
            4 => self.halfway(),
            5 => self
                .one_of(&[
                    "-0",
                    "0.0",
                    "-0.0E+0",
                    "1e20",
                    "1e21",
                    "1E-6",
                    "1e-7",
                    "5e-324",
                    "2.47e-324",
                    "1.7976931348623157e308",
                ])
                .to_owned(),
            6 => format!("{}e{}", self.rng.random_range(-99..99), self.rng.random_range(-345..309)),
            _ => self.digits(),
        };
        self.out += &number;
    }

    /// Any double, so all magnitudes equally often, in one of three spellings.
    fn double(&mut self) -> String {
        let value = f64::from_bits(self.rng.random());
        match self.rng.random_range(0..3) {
            _ if !value.is_finite() => "1e400".to_owned(),
            0 => format!("{value}"),
            1 => format!("{value:e}"),
            _ => format!("{value:.20E}"),
        }
    }

    /// A decimal exactly between two doubles, which are four apart from 2^54 to 2^55, or a hair beside it.
    fn halfway(&mut self) -> String {
        let integer = (1_u128 << 54) + u128::from(self.rng.random::<u64>() >> 12 << 2) + 2;
        let tail = self.one_of(&["", ".0", ".00000000000000000000000000001", "e0", "0", "000e-3"]);
        format!("{integer}{tail}")
    }

    /// Digits without end, a point and an exponent perhaps.
    fn digits(&mut self) -> String {
        let mut number = String::new();
        let length = self.one_of(&[1, 5, 17, 40, 900]);
        number.push(char::from(b'1' + self.rng.random_range(0..9)));
        number.extend((0..length).map(|_| char::from(b'0' + self.rng.random_range(0..10))));
        if self.rng.random() {
            number.insert(self.rng.random_range(1..number.len()), '.');
        }
        if self.rng.random() {
            number += &format!("E{:+}", self.rng.random_range(-400..300));
        }
        number
    }
}
