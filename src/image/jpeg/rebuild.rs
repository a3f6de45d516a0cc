//! A JPEG file as the decoder reads every kind of it: what matters for the pixels, and nothing
//! else.
//!
//! zune-jpeg (0.5.15) stops at bytes between segments, at a file without Huffman tables or without
//! an end, at a `DNL` that repeats the height, and gives wrong colours, without an error, for
//! sequential files whose components come in scans of their own. So it gets a copy: the segments
//! that decoding needs, one after the other, an end, and a sequential picture in one scan.
//!
//! Source: ITU-T T.81, annexes B, F and K.

use super::entropy::{Bits, Tables, damaged, parts, restart_interval, unit, units};
use super::markers::{
    APP0, APP14, DHT, DQT, DRI, EOI, Frame, SOI, SOS, Segment, adobe_transform, segments, truncated,
};
use super::tables::{STANDARD, Specification};
use crate::error::Result;
use crate::image::checks::buffer;

/// What the copy leaves out or says in another way.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// Components are called R, G and B: the decoder takes them for that by name only.
    pub(super) rgb_names: bool,
    /// Adobe's marker stays.
    pub(super) adobe: bool,
    /// Sequential components that stand in several scans go into one.
    pub(super) one_scan: bool,
}

/// Copies a file.
///
/// # Errors
/// [`ErrorKind::Decode`](crate::ErrorKind::Decode) where scans are rewritten and are damaged or cut
/// off.
pub(super) fn rebuild(bytes: &[u8], frame: &Frame, wanted: Wanted) -> Result<Vec<u8>> {
    let mut output = Vec::with_capacity(bytes.len() + 1024);
    output.extend([0xFF, SOI]);
    if wanted.one_scan {
        in_one_scan(bytes, frame, wanted, &mut output)?;
        output.extend([0xFF, EOI]);
        return Ok(output);
    }
    if segments(bytes).all(|segment| segment.marker != DHT) {
        write_standard_tables(&mut output);
    }
    let mut framed = false;
    for segment in segments(bytes) {
        match segment.marker {
            DQT | DHT | DRI | APP0 => {
                Segment::write(segment.marker, segment.data, &mut output);
            }
            APP14 if wanted.adobe && adobe_transform(segment.data).is_some() => {
                Segment::write(APP14, segment.data, &mut output);
            }
            marker if Frame::is_start_of_frame(marker) && !framed => {
                framed = true;
                let mut data = segment.data.to_vec();
                for (index, component) in data.split_at_mut(6).1.chunks_exact_mut(3).enumerate() {
                    component[0] = wanted.name(frame, index);
                }
                Segment::write(marker, &data, &mut output);
            }
            SOS => {
                let mut data = segment.data.to_vec();
                let components = frame.components_of(segment.data);
                for (part, component) in data.iter_mut().skip(1).step_by(2).zip(components) {
                    if let Some(component) = component {
                        *part = wanted.name(frame, component);
                    }
                }
                Segment::write(SOS, &data, &mut output);
                output.extend_from_slice(segment.coded(bytes));
            }
            _ => {}
        }
    }
    output.extend([0xFF, EOI]);
    Ok(output)
}

impl Wanted {
    /// What a component is called in the copy.
    fn name(self, frame: &Frame, component: usize) -> u8 {
        let own = frame.names.get(component).copied().unwrap_or(0);
        if self.rgb_names { b"RGB".get(component).copied().unwrap_or(own) } else { own }
    }
}

fn write_standard_tables(output: &mut Vec<u8>) {
    let mut data = Vec::new();
    for (head, counts, symbols) in STANDARD {
        data.push(head);
        data.extend_from_slice(counts);
        data.extend_from_slice(symbols);
    }
    Segment::write(DHT, &data, output);
}

/// The coefficients of a component, in blocks from left to right, row by row.
struct Component {
    /// Blocks of a row, padded to whole minimum coded units.
    columns: usize,
    blocks: Vec<[i16; 64]>,
    /// The quantization table as its first scan found it, with its precision.
    quantization: Vec<u8>,
}

/// Reads all scans of a sequential file and writes one.
fn in_one_scan(bytes: &[u8], frame: &Frame, wanted: Wanted, output: &mut Vec<u8>) -> Result<()> {
    let components = read_scans(bytes, frame)?;
    for segment in segments(bytes).take_while(|segment| segment.marker != SOS) {
        let adobe = || segment.marker == APP14 && adobe_transform(segment.data).is_some();
        if segment.marker == APP0 || (wanted.adobe && adobe()) {
            Segment::write(segment.marker, segment.data, output);
        }
    }
    let count = components.len() as u8;
    let mut header = vec![8];
    header.extend((frame.height as u16).to_be_bytes());
    header.extend((frame.width as u16).to_be_bytes());
    header.push(count);
    let mut scan = vec![count];
    for (number, component) in (0..count).zip(&components) {
        let index = usize::from(number);
        let mut table = component.quantization.clone();
        table[0] = table[0] & 0xF0 | number;
        Segment::write(DQT, &table, output);
        let (h, v) = frame.sampling[index];
        header.extend([wanted.name(frame, index), h << 4 | v, number]);
        scan.extend([wanted.name(frame, index), 0]);
    }
    scan.extend([0, 63, 0]);
    // Extended sequential: any table with any component.
    Segment::write(0xC1, &header, output);
    write_standard_tables(output);
    Segment::write(SOS, &scan, output);
    write_scan(frame, &components, output)
}

/// The coefficients of all components, from however many scans.
fn read_scans(bytes: &[u8], frame: &Frame) -> Result<Vec<Component>> {
    let (mcu_columns, mcu_rows) = frame.mcus();
    let mut components: Vec<Option<Component>> = frame.sampling.iter().map(|_| None).collect();
    let mut tables = Tables::new();
    let mut quantization: [Vec<u8>; 4] = Default::default();
    let mut interval = 0;
    for segment in segments(bytes) {
        match segment.marker {
            DHT => tables.define(segment.data)?,
            DRI => interval = restart_interval(segment.data)?,
            DQT => define_quantization(&mut quantization, segment.data)?,
            SOS => {
                let parts = parts(frame, segment.data)?;
                for part in &parts {
                    let (h, v) = frame.sampling[part.component];
                    let columns = mcu_columns as usize * usize::from(h);
                    let rows = mcu_rows as usize * usize::from(v);
                    let table = usize::from(frame.quantization[part.component]);
                    let quantization = quantization.get(table).ok_or_else(damaged)?.clone();
                    if quantization.is_empty() || components[part.component].is_some() {
                        return Err(damaged());
                    }
                    // Checked against the limit; zeros, so that padding is written as such.
                    drop(buffer(columns as u64 * rows as u64 * 128)?);
                    let blocks = vec![[0; 64]; columns * rows];
                    components[part.component] = Some(Component { columns, blocks, quantization });
                }
                let (columns, rows) = units(frame, &parts);
                let mut bits = Bits::new(segment.coded(bytes));
                let mut before = vec![0i16; parts.len()];
                for mcu in 0..columns * rows {
                    if bits.restart_if_due(mcu, interval)? {
                        before.fill(0);
                    }
                    let (left, top) = ((mcu % columns) as usize, (mcu / columns) as usize);
                    for (part, before) in parts.iter().zip(&mut before) {
                        let (dc, ac) = (tables.dc(part.dc)?, tables.ac(part.ac)?);
                        let Some(component) = &mut components[part.component] else {
                            return Err(damaged());
                        };
                        let (h, v) = unit(frame, &parts, part);
                        for block in 0..h * v {
                            let (x, y) = (left * h + block % h, top * v + block / h);
                            let mut values = bits.read(dc, ac)?;
                            *before = before.wrapping_add(values[0]);
                            values[0] = *before;
                            component.blocks[y * component.columns + x] = values;
                        }
                    }
                }
            }
            _ => {}
        }
    }
    components.into_iter().map(|component| component.ok_or_else(truncated)).collect()
}

/// Takes the quantization tables that a segment defines, each with its head.
fn define_quantization(tables: &mut [Vec<u8>; 4], mut data: &[u8]) -> Result<()> {
    while let Some(&head) = data.first() {
        let length = if head >> 4 == 0 { 65 } else { 129 };
        let (table, rest) = data.split_at_checked(length).ok_or_else(damaged)?;
        let place = tables.get_mut(usize::from(head & 15)).ok_or_else(damaged)?;
        *place = table.to_vec();
        data = rest;
    }
    Ok(())
}

/// Codes by symbol: length and bits.
fn codes((_, counts, symbols): Specification) -> [(u32, u32); 256] {
    let mut codes = [(0, 0); 256];
    let (mut code, mut symbols) = (0, symbols.iter());
    for (length, &count) in (1..).zip(counts) {
        for &symbol in symbols.by_ref().take(usize::from(count)) {
            codes[usize::from(symbol)] = (length, code);
            code += 1;
        }
        code <<= 1;
    }
    codes
}

/// Writes bits, with a zero byte after each 0xFF.
struct Writer<'a> {
    output: &'a mut Vec<u8>,
    buffer: u64,
    count: u32,
}

impl Writer<'_> {
    fn put(&mut self, bits: u32, length: u32) {
        self.buffer = self.buffer << length | u64::from(bits);
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.buffer >> self.count) as u8;
            self.output.push(byte);
            if byte == 0xFF {
                self.output.push(0);
            }
        }
    }

    /// A symbol of so many zeros before a value, and the value.
    fn value(&mut self, codes: &[(u32, u32); 256], zeros: u8, value: i32) -> Result<()> {
        let size = 32 - value.unsigned_abs().leading_zeros();
        let symbol = usize::from(zeros) << 4 | size as usize;
        match codes.get(symbol) {
            Some(&(length, code)) if length > 0 => self.put(code, length),
            _ => return Err(damaged()), // beyond 8-bit files
        }
        let bits = if value < 0 { value - 1 } else { value };
        self.put(bits.cast_unsigned() & ((1 << size) - 1), size);
        Ok(())
    }
}

/// Writes the blocks of all components, interleaved, with the standard tables for brightness.
fn write_scan(frame: &Frame, components: &[Component], output: &mut Vec<u8>) -> Result<()> {
    let (dc, ac) = (codes(STANDARD[0]), codes(STANDARD[1]));
    let mut writer = Writer { output, buffer: 0, count: 0 };
    let (columns, rows) = frame.mcus();
    let mut before = vec![0; components.len()];
    for mcu in 0..columns as usize * rows as usize {
        let (left, top) = (mcu % columns as usize, mcu / columns as usize);
        for (index, component) in components.iter().enumerate() {
            let (h, v) = frame.sampling[index];
            let (h, v) = (usize::from(h), usize::from(v));
            for block in 0..h * v {
                let (x, y) = (left * h + block % h, top * v + block / h);
                let values = component.blocks[y * component.columns + x];
                let shade = i32::from(values[0]);
                writer.value(&dc, 0, shade - before[index])?;
                before[index] = shade;
                let mut zeros = 0;
                for &value in &values[1..] {
                    if value == 0 {
                        zeros += 1;
                        continue;
                    }
                    while zeros > 15 {
                        writer.value(&ac, 15, 0)?;
                        zeros -= 16;
                    }
                    writer.value(&ac, zeros, i32::from(value))?;
                    zeros = 0;
                }
                if zeros > 0 {
                    writer.value(&ac, 0, 0)?;
                }
            }
        }
    }
    // Padding is ones (T.81, F.1.2.3).
    writer.put(0x7F, 7);
    Ok(())
}
