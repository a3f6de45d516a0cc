//! A titled table: for a terminal, a model card, or a page.

use std::fmt::Write as _;

use clipsight::{Error, ErrorKind, Result};
use comfy_table::{CellAlignment, Table, TableComponent, presets};
use html_escape::encode_text;

use crate::report::wrapped;

/// A titled table.
#[derive(Clone, Debug)]
pub struct Section {
    pub(super) title: &'static str,
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) note: Option<String>,
}

impl Section {
    /// For a terminal.
    pub fn table(&self) -> String {
        let mut text = format!("{}\n", self.title);
        if !self.rows.is_empty() {
            let mut table = Table::new();
            table.load_preset(presets::NOTHING).set_header(self.header.clone());
            table
                .set_style(TableComponent::HeaderLines, '─')
                .set_style(TableComponent::MiddleHeaderIntersections, '─');
            let inert = |row: &Vec<String>| {
                row.iter().map(|cell| clipsight_native::io::printable(cell)).collect::<Vec<_>>()
            };
            table.add_rows(self.rows.iter().map(inert));
            for column in table.column_iter_mut().skip(1) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            text += &format!("{table}\n");
        }
        text + &self
            .note
            .as_ref()
            .map_or(String::new(), |note| format!("{}\n", clipsight_native::io::printable(note)))
    }

    /// Adds the rows of a table with the same columns.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when its columns are others.
    pub(super) fn append(&mut self, other: Self) -> Result<()> {
        if self.header != other.header {
            let message = "the models' reports do not measure the same: run `clipsight eval` on \
                           them alike";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        self.rows.extend(other.rows);
        Ok(())
    }

    /// For a model card, under a heading of the third level.
    pub fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", self.title);
        text += &self.markdown_table();
        text + &self.note.as_ref().map_or(String::new(), |note| format!("\n{}\n", wrapped(note)))
    }

    /// The table alone.
    pub(crate) fn markdown_table(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        // Names come from a CSV file; a bar would break the table.
        let escaped =
            |row: &Vec<String>| row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>();
        let header: Vec<String> = self.header.iter().map(ToString::to_string).collect();
        let rule: Vec<String> = header.iter().map(|_| "---".to_owned()).collect();
        let rows: String = self.rows.iter().map(|row| line(&escaped(row))).collect();
        line(&header) + &line(&rule) + &rows
    }

    /// For a page: the table and its note, without the title.
    pub(crate) fn html(&self) -> String {
        let mut html = String::new();
        if !self.rows.is_empty() {
            html += "<div class=\"scroll\"><table><thead><tr>";
            for name in &self.header {
                let _ = write!(html, "<th scope=\"col\">{}</th>", encode_text(name));
            }
            html += "</tr></thead><tbody>";
            for row in &self.rows {
                html += "<tr>";
                for (column, cell) in row.iter().enumerate() {
                    // Names come from a CSV file: escaped, and their control characters made
                    // visible.
                    let cell = clipsight_native::io::printable(cell);
                    let cell = encode_text(&cell);
                    let _ = if column == 0 {
                        write!(html, "<th scope=\"row\">{cell}</th>")
                    } else {
                        write!(html, "<td>{cell}</td>")
                    };
                }
                html += "</tr>";
            }
            html += "</tbody></table></div>";
        }
        if let Some(note) = &self.note {
            let note = clipsight_native::io::printable(note);
            let _ = write!(html, "<p class=\"note\">{}</p>", encode_text(&note.replace('`', "")));
        }
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        let name = "<script>alert(1)</script>|\u{1b}[31m\u{202e}&amp;";
        let section = Section {
            title: "Generators",
            header: vec!["generator", "images"],
            rows: vec![vec![name.to_owned(), "3".to_owned()]],
            note: Some(format!("about {name}")),
        };
        let html = section.html();
        assert!(
            !html.contains("<script") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{html}"
        );
        assert!(html.contains("&amp;amp;") && !html.contains(['\u{1b}', '\u{202e}']), "{html}");
        assert!(section.markdown_table().contains("\\|") && !section.table().contains('\u{1b}'));
        assert!(html.contains("<th scope=\"row\">") && html.contains("<td>3</td>"));
    }
}
