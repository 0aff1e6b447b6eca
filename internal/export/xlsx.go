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
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of a sheet: what Excel takes.
const (
	sheetRows = 1 << 20
	cellUnits = 32_767 // UTF-16 code units
	nameUnits = 31
)

const cutMark = " … (dipotong, lihat --format csv / cut, see --format csv)"

// workbook writes tables as the sheets of an XLSX file (ECMA-376, SpreadsheetML). Nothing of a sheet is kept in memory: the sheets and the list of the texts
// grow at the same time, each is compressed into a temporary file of its own, and these are put together at the end. A table with more rows
// than a sheet takes goes on in a further sheet, a text longer than a cell takes is cut and says so. The same rows give the same bytes.
//
// Where the standard leaves a choice it does as Excel does, since many readers know nothing else: rows and cells say where they are, texts stand in the list of
// the workbook and not in the cells, and have no attribute that they do not need.
type workbook struct {
	w      io.Writer
	temp   string // folder for the parts
	sheets []*xlsxSheet
	open   map[*table]*xlsxSheet
	line   []byte
	entry  []byte
	texts  *part
	next   int          // number of the next text of the list
	recent [recent]said // what was said lately, by a hash, so that what comes again and again stands in the list once
}

// recent is how many texts are remembered.
const recent = 4096

// said is a text of the list and its number.
type said struct {
	text   string
	number int
}

type xlsxSheet struct {
	*part
	table *table
	name  string
	rows  int
}

// part is a file of the workbook that grows, compressed.
type part struct {
	file  *os.File
	buf   *bufio.Writer
	flate *flate.Writer
	crc   hash.Hash32
	size  uint64
}

func (b *workbook) part() (*part, error) {
	file, err := os.CreateTemp(b.temp, "part-*")
	if err != nil {
		return nil, err
	}
	p := &part{file: file, buf: bufio.NewWriterSize(file, 1<<16), crc: crc32.NewIEEE()}
	if p.flate, err = flate.NewWriter(p.buf, flate.BestSpeed); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

func (b *workbook) begin(tables []*table) error {
	b.open = map[*table]*xlsxSheet{}
	var err error
	if b.texts, err = b.part(); err != nil {
		return err
	}
	if err := b.texts.write([]byte(xml.Header + `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)); err != nil {
		return err
	}
	for _, t := range tables {
		if err := b.sheet(t, t.name); err != nil {
			return err
		}
	}
	return nil
}

// sheet begins a sheet with the heading row, which stays in sight.
func (b *workbook) sheet(t *table, name string) error {
	if len(name) > nameUnits || strings.ContainsAny(name, `[]:*?/\`) {
		return fmt.Errorf("a sheet cannot be called %q: at most %d characters, none of []:*?/\\", name, nameUnits)
	}
	p, err := b.part()
	if err != nil {
		return err
	}
	s := &xlsxSheet{part: p, table: t, name: name}
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
	styleGeneral = iota // what a cell without a format has
	styleHead
	styleQuote // text that looks like a formula
	styleCount
	styleText
	styleMoment
)

const styles = xml.Header + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
	`<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>` +
	`<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

func (b *workbook) row(t *table, cells []cell) error {
	s := b.open[t]
	if s.rows == sheetRows {
		if err := s.end(); err != nil {
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
	b.line = strconv.AppendInt(append(b.line[:0], `<row r="`...), int64(s.rows+1), 10)
	b.line = append(b.line, `">`...)
	for i, v := range cells {
		switch v.kind {
		case isNumber:
			b.line = strconv.AppendInt(append(s.place(b.line, i, styleCount), "><v>"...), v.number, 10)
			b.line = append(b.line, "</v></c>"...)
		case isTruth:
			b.line = strconv.AppendInt(append(s.place(b.line, i, styleGeneral), ` t="b"><v>`...), v.number, 10)
			b.line = append(b.line, "</v></c>"...)
		case isMoment:
			b.line = append(appendDays(append(s.place(b.line, i, styleMoment), "><v>"...), v.moment), "</v></c>"...)
		case isText:
			if v.text == "" {
				continue
			}
			of := style
			if style == styleText && dangerous(v.text) {
				of = styleQuote
			}
			number, err := b.text(v.text)
			if err != nil {
				return err
			}
			b.line = strconv.AppendInt(append(s.place(b.line, i, of), ` t="s"><v>`...), int64(number), 10)
			b.line = append(b.line, "</v></c>"...)
		}
	}
	s.rows++
	return s.write(append(b.line, "</row>"...))
}

// text gives a text's number in the list of the workbook, where it is put if it was not said lately.
func (b *workbook) text(s string) (int, error) {
	known := &b.recent[crc32.ChecksumIEEE([]byte(s))%recent]
	if known.text == s {
		return known.number, nil
	}
	number := b.next
	b.next++
	if len(s) <= 64 { // longer ones hardly come again
		*known = said{strings.Clone(s), number}
	}
	b.entry = append(appendText(append(b.entry[:0], "<si>"...), s), "</si>"...)
	return number, b.texts.write(b.entry)
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

// dayZero is day 0 of a spreadsheet's calendar.
var dayZero = time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)

// appendDays writes a time as a spreadsheet has it: days by the time's own clock since dayZero, with so many digits that no second is lost.
func appendDays(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	seconds := time.Date(year, month, day, hour, minute, second, 0, time.UTC).Sub(dayZero) / time.Second
	return strconv.AppendFloat(b, float64(seconds)/(24*60*60), 'f', -1, 64)
}

// appendText writes a text as an element t, cut to what a cell takes.
func appendText(b []byte, s string) []byte {
	s = shortened(s)
	b = append(b, "<t"...)
	if strings.ContainsAny(s[:1]+s[len(s)-1:], " \t\n") || strings.Contains(s, "\n") {
		b = append(b, ` xml:space="preserve"`...)
	}
	b = append(b, '>')
	return append(appendXML(b, s), "</t>"...)
}

// shortened is a text with at most so many UTF-16 code units as a cell takes.
func shortened(s string) string {
	if len(s) <= cellUnits {
		return s
	}
	units, end := 0, 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units <= cellUnits-len(cutMark) {
			end = i + utf8.RuneLen(r)
		}
	}
	if units <= cellUnits {
		return s
	}
	return s[:end] + cutMark
}

// appendXML writes text into XML, where nothing but these three needs another form. What looks like the escapes that spreadsheets know within texts, _x0041_,
// has its first character in that form.
func appendXML(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '&':
			b = append(b, "&amp;"...)
		case c == '<':
			b = append(b, "&lt;"...)
		case c == '>':
			b = append(b, "&gt;"...)
		case c == '_' && escapeLike.MatchString(s[i:min(len(s), i+len("_x0041_"))]):
			b = append(b, "_x005F_"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

var escapeLike = regexp.MustCompile(`^_x[0-9A-Fa-f]{4}_`)

func (p *part) write(b []byte) error {
	p.crc.Write(b)
	p.size += uint64(len(b))
	_, err := p.flate.Write(b)
	return err
}

// close ends a part with its last bytes.
func (p *part) close(last string) error {
	return errors.Join(p.write([]byte(last)), p.flate.Close(), p.buf.Flush())
}

func (s *xlsxSheet) end() error { return s.close("</sheetData></worksheet>") }

func (b *workbook) end() (err error) {
	defer func() {
		for _, s := range b.sheets {
			err = errors.Join(err, s.file.Close())
		}
		if b.texts != nil {
			err = errors.Join(err, b.texts.file.Close())
		}
	}()
	for _, s := range b.open {
		if err := s.end(); err != nil {
			return err
		}
	}
	if err := b.texts.close("</sst>"); err != nil {
		return err
	}
	z := zip.NewWriter(b.w)
	for _, part := range b.parts() {
		w, err := z.CreateHeader(&zip.FileHeader{Name: part[0], Method: zip.Deflate, Modified: epoch})
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
	if err := b.texts.copy(z, "xl/sharedStrings.xml"); err != nil {
		return err
	}
	return z.Close()
}

// copy puts the compressed part into the file as it is.
func (p *part) copy(z *zip.Writer, name string) error {
	size, err := p.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: p.crc.Sum32(), CompressedSize64: uint64(size), UncompressedSize64: p.size}
	//lint:ignore SA1019 CreateRaw takes the date in this form only
	header.ModifiedDate = epochMSDOS
	w, err := z.CreateRaw(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, p.file)
	return err
}

// epoch is when every entry was made, so that the same rows give the same bytes: the first day that a zip file can name. Readers take an entry without a
// date for one of a month that there is not.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// epochMSDOS is epoch as a zip file has it: bits 5 to 8 are the month, 0 to 4 the day.
const epochMSDOS = 1<<5 | 1

func sheetPath(i int) string { return "xl/worksheets/sheet" + strconv.Itoa(i+1) + ".xml" }

// parts are the small files of the workbook that say what is in it.
func (b *workbook) parts() [][2]string {
	const (
		types    = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>`
		related  = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
		document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	)
	content, sheets, relations := xml.Header+types, "", xml.Header+related
	for i, s := range b.sheets {
		content += `<Override PartName="/` + sheetPath(i) + `" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`
		sheets += fmt.Sprintf(`<sheet name="%s" sheetId="%d" r:id="rId%[2]d"/>`, s.name, i+1)
		relations += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/worksheet" Target="%s"/>`, i+1, document, strings.TrimPrefix(sheetPath(i), "xl/"))
	}
	relations += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, len(b.sheets)+1, document) +
		fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/sharedStrings" Target="sharedStrings.xml"/></Relationships>`, len(b.sheets)+2, document)
	return [][2]string{
		{"[Content_Types].xml", content + "</Types>"},
		{"_rels/.rels", xml.Header + related + `<Relationship Id="rId1" Type="` + document + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", xml.Header + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + document + `"><sheets>` + sheets + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", relations},
		{"xl/styles.xml", styles},
	}
}
