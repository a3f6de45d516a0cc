//! Primaries by the code points of ITU-T H.273, table 2, and matrices between them.

/// Three by three, rows first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix(pub(super) [[f64; 3]; 3]);

impl Matrix {
    const BRADFORD: Self =
        Self([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]);

    pub(super) fn times(&self, [a, b, c]: [f32; 3]) -> [f32; 3] {
        self.0.map(|[x, y, z]| x as f32 * a + y as f32 * b + z as f32 * c)
    }

    fn after(&self, first: &Self) -> Self {
        let sum = |row: usize, column: usize| {
            (0..3).map(|index| self.0[row][index] * first.0[index][column]).sum()
        };
        Self([0, 1, 2].map(|row| [0, 1, 2].map(|column| sum(row, column))))
    }

    fn scaled(&self, columns: [f64; 3]) -> Self {
        Self(self.0.map(|row| [row[0] * columns[0], row[1] * columns[1], row[2] * columns[2]]))
    }

    fn column(&self, vector: [f64; 3]) -> [f64; 3] {
        self.0.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
    }

    /// The inverse; `None` where there is none.
    pub(super) fn inverse(&self) -> Option<Self> {
        let [[a, b, c], [d, e, f], [g, h, i]] = self.0;
        let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
        if !determinant.is_normal() {
            return None;
        }
        let adjugate = [
            [e * i - f * h, c * h - b * i, b * f - c * e],
            [f * g - d * i, a * i - c * g, c * d - a * f],
            [d * h - e * g, b * g - a * h, a * e - b * d],
        ];
        Some(Self(adjugate.map(|row| row.map(|value| value / determinant))))
    }
}

/// Chromaticities of red, green, blue and white.
type Primaries = [(f64, f64); 4];

const D65: (f64, f64) = (0.3127, 0.3290);
const C: (f64, f64) = (0.310, 0.316);
const SRGB: Primaries = [(0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65];

/// Of a code point; sRGB's where it says nothing.
fn primaries(code: u8) -> Primaries {
    match code {
        4 => [(0.67, 0.33), (0.21, 0.71), (0.14, 0.08), C],
        5 => [(0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65],
        6 | 7 => [(0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65],
        8 => [(0.681, 0.319), (0.243, 0.692), (0.145, 0.049), C],
        9 => [(0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65],
        11 => [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)],
        12 => [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65],
        22 => [(0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65],
        _ => SRGB,
    }
}

/// A colour of brightness 1 as XYZ.
fn xyz((x, y): (f64, f64)) -> [f64; 3] {
    [x / y, 1.0, (1.0 - x - y) / y]
}

/// Linear RGB to XYZ (SMPTE RP 177).
fn to_xyz([red, green, blue, white]: Primaries) -> Option<Matrix> {
    let (red, green, blue) = (xyz(red), xyz(green), xyz(blue));
    let columns = Matrix([0, 1, 2].map(|row| [red[row], green[row], blue[row]]));
    Some(columns.scaled(columns.inverse()?.column(xyz(white))))
}

/// XYZ seen under one white to what looks the same under another (Bradford's method).
fn adapted(from: [f64; 3], to: [f64; 3]) -> Option<Matrix> {
    let bradford = Matrix::BRADFORD;
    let (from, to) = (bradford.column(from), bradford.column(to));
    let gain = [0, 1, 2].map(|index| to[index] / from[index]);
    let scaled = Matrix([0, 1, 2].map(|row| bradford.0[row].map(|value| value * gain[row])));
    Some(bradford.inverse()?.after(&scaled))
}

const SAME: Matrix = Matrix([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);

/// Linear light of a code point's primaries to that of sRGB's.
pub(super) fn primaries_to_srgb(code: u8) -> Matrix {
    let from = primaries(code);
    let matrix = || {
        let adapted = adapted(xyz(from[3]), xyz(D65))?;
        Some(to_xyz(SRGB)?.inverse()?.after(&adapted).after(&to_xyz(from)?))
    };
    matrix().unwrap_or(SAME)
}

/// The same for colorants as a profile has them: columns of XYZ under D50, the white of its
/// connection space (ICC.1:2022, 7.2.16).
pub(super) fn colorants_to_srgb(colorants: Matrix) -> Option<Matrix> {
    const D50: [f64; 3] = [0.9642, 1.0, 0.8249];
    let to_d65 = adapted(D50, xyz(D65))?;
    colorants.inverse()?;
    Some(to_xyz(SRGB)?.inverse()?.after(&to_d65).after(&colorants))
}
