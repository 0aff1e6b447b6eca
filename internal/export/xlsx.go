package export

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of a sheet: what the programs that read it take.
const (
	sheetRows = 1 << 20
	cellRunes = 32_000
)

const cutMark = " … (dipotong, lihat --format csv / cut, see --format csv)"

// workbook writes tables as the sheets of an XLSX file (ECMA-376, SpreadsheetML), with inline strings, so that nothing of a sheet is kept in memory. The
// sheets grow at the same time: each is compressed into a temporary file of its own, and these are put together at the end. A table with more rows
// than a sheet takes goes on in a further sheet. The same rows give the same bytes.
type workbook struct {
	w      io.Writer
	temp   string // folder for the sheets
	sheets []*xlsxSheet
	open   map[*table]*xlsxSheet
	line   []byte
}

type xlsxSheet struct {
	table *table
	name  string
	rows  int
	file  *os.File
	buf   *bufio.Writer
	flate *flate.Writer
	crc   hash.Hash32
	size  uint64
}

func (b *workbook) begin(tables []*table) error {
	b.open = map[*table]*xlsxSheet{}
	for _, t := range tables {
		if err := b.sheet(t, t.name); err != nil {
			return err
		}
	}
	return nil
}

// sheet begins a sheet with the heading row, which stays in sight.
func (b *workbook) sheet(t *table, name string) error {
	file, err := os.CreateTemp(b.temp, "sheet-*")
	if err != nil {
		return err
	}
	s := &xlsxSheet{table: t, name: name, file: file, buf: bufio.NewWriterSize(file, 1<<16), crc: crc32.NewIEEE()}
	if s.flate, err = flate.NewWriter(s.buf, flate.BestSpeed); err != nil {
		return errors.Join(err, file.Close())
	}
	b.sheets, b.open[t] = append(b.sheets, s), s
	head := xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`
	cells := make([]cell, len(t.columns))
	for i, c := range t.columns {
		head += fmt.Sprintf(`<col min="%d" max="%[1]d" width="%d" customWidth="1"/>`, i+1, max(c.width, 8))
		cells[i] = text(c.heading())
	}
	if err := s.write([]byte(head + "</cols><sheetData>")); err != nil {
		return err
	}
	return b.put(s, cells, styleHead)
}

// The cell formats of styles.
const (
	styleText  = 0
	styleHead  = 1
	styleQuote = 2 // text that looks like a formula
	styleCount = 3
)

const styles = xml.Header + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="4"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>` +
	`<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

func (b *workbook) row(t *table, cells []cell) error {
	s := b.open[t]
	if s.rows == sheetRows {
		if err := s.close(); err != nil {
			return err
		}
		further := 2
		for _, other := range b.sheets {
			if other.table == t && other != s {
				further++
			}
		}
		if err := b.sheet(t, fmt.Sprint(t.name, " ", further)); err != nil {
			return err
		}
		s = b.open[t]
	}
	return b.put(s, cells, styleText)
}

func (b *workbook) put(s *xlsxSheet, cells []cell, style int) error {
	b.line = append(b.line[:0], "<row>"...)
	for i, v := range cells {
		switch {
		case v.digits:
			b.line = strconv.AppendInt(append(s.place(b.line, i, styleCount), "><v>"...), v.number, 10)
			b.line = append(b.line, "</v></c>"...)
		case v.text == "":
		default:
			of := style
			if style == styleText && dangerous(v.text) {
				of = styleQuote
			}
			b.line = append(s.place(b.line, i, of), ` t="inlineStr"><is><t xml:space="preserve">`...)
			b.line = appendXML(b.line, v.text)
			b.line = append(b.line, "</t></is></c>"...)
		}
	}
	s.rows++
	return s.write(append(b.line, "</row>"...))
}

// place begins a cell of the next row: where it is and how it looks.
func (s *xlsxSheet) place(b []byte, column, style int) []byte {
	b = append(append(b, `<c r="`...), letters(column)...)
	b = strconv.AppendInt(b, int64(s.rows+1), 10)
	return append(strconv.AppendInt(append(b, `" s="`...), int64(style), 10), '"')
}

// letters names a column: A, B ... Z, AA.
func letters(i int) string {
	const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if i < len(all) {
		return all[i : i+1]
	}
	return letters(i/len(all)-1) + letters(i%len(all))
}

// appendXML writes text into XML, cut to what a cell takes. What XML cannot carry becomes a replacement character.
func appendXML(b []byte, s string) []byte {
	if len(s) > cellRunes && utf8.RuneCountInString(s) > cellRunes {
		s = string([]rune(s)[:cellRunes]) + cutMark
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' {
			var out strings.Builder
			// It fails only when the builder does.
			_ = xml.EscapeText(&out, []byte(s))
			return append(b, out.String()...)
		}
	}
	return append(b, s...)
}

func (s *xlsxSheet) write(p []byte) error {
	s.crc.Write(p)
	s.size += uint64(len(p))
	_, err := s.flate.Write(p)
	return err
}

func (s *xlsxSheet) close() error {
	return errors.Join(s.write([]byte("</sheetData></worksheet>")), s.flate.Close(), s.buf.Flush())
}

func (b *workbook) end() (err error) {
	defer func() {
		for _, s := range b.sheets {
			err = errors.Join(err, s.file.Close())
		}
	}()
	for _, s := range b.open {
		if err := s.close(); err != nil {
			return err
		}
	}
	z := zip.NewWriter(b.w)
	for _, part := range b.parts() {
		w, err := z.CreateHeader(&zip.FileHeader{Name: part[0], Method: zip.Deflate})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, part[1]); err != nil {
			return err
		}
	}
	for i, s := range b.sheets {
		if err := s.copy(z, sheetPath(i)); err != nil {
			return err
		}
	}
	return z.Close()
}

// copy puts the compressed sheet into the file as it is.
func (s *xlsxSheet) copy(z *zip.Writer, name string) error {
	size, err := s.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Deflate, CRC32: s.crc.Sum32(), CompressedSize64: uint64(size), UncompressedSize64: s.size,
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, s.file)
	return err
}

func sheetPath(i int) string { return "xl/worksheets/sheet" + strconv.Itoa(i+1) + ".xml" }

// parts are the small files of the workbook that say what is in it.
func (b *workbook) parts() [][2]string {
	const (
		types    = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>`
		related  = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
		document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	)
	content, sheets, relations := xml.Header+types, "", xml.Header+related
	for i, s := range b.sheets {
		content += `<Override PartName="/` + sheetPath(i) + `" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`
		sheets += fmt.Sprintf(`<sheet name="%s" sheetId="%d" r:id="rId%[2]d"/>`, s.name, i+1)
		relations += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/worksheet" Target="%s"/>`, i+1, document, strings.TrimPrefix(sheetPath(i), "xl/"))
	}
	relations += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/></Relationships>`, len(b.sheets)+1, document)
	return [][2]string{
		{"[Content_Types].xml", content + "</Types>"},
		{"_rels/.rels", xml.Header + related + `<Relationship Id="rId1" Type="` + document + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", xml.Header + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + document + `"><sheets>` + sheets + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", relations},
		{"xl/styles.xml", styles},
	}
}
