package handover

import (
	"bytes"
	"fmt"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/goregular"
)

// A4 in millimetres.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 14.0
	width      = pageWidth - 2*margin
	bottom     = pageHeight - 14 // the foot is below
)

const (
	plain  = ""
	bold   = "B"
	italic = "I"
)

// page draws. The fonts are embedded: what is printed does not depend on the machine.
type page struct {
	*fpdf.Fpdf
	sheet *Sheet
	y     float64
}

// pages stands for the number of pages until it is known.
const pages = "{n}"

func newPage(s *Sheet) *page {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	// Only the fonts are compressed then: the sums of the tests show when another version of the compressor makes other bytes.
	pdf.SetCompression(false)
	pdf.SetCreationDate(s.Receiver.At)
	pdf.SetModificationDate(s.Receiver.At)
	pdf.SetProducer("Jejak", true)
	pdf.SetTitle("Berita acara serah terima "+s.Handoff, true)
	pdf.SetLang("id-ID")
	pdf.AliasNbPages(pages)
	pdf.AddUTF8FontFromBytes("go", plain, goregular.TTF)
	pdf.AddUTF8FontFromBytes("go", bold, gobold.TTF)
	pdf.AddUTF8FontFromBytes("go", italic, goitalic.TTF)
	p := &page{Fpdf: pdf, sheet: s}
	pdf.SetFooterFunc(p.foot)
	return p
}

func (p *page) foot() {
	p.font(plain, 7)
	p.SetTextColor(90, 90, 90)
	p.SetXY(margin, pageHeight-11)
	p.CellFormat(width/2, 4, p.sheet.Handoff, "", 0, "L", false, 0, "")
	p.CellFormat(width/2, 4, fmt.Sprintf("halaman %d dari %s / page %[1]d of %[2]s", p.PageNo(), pages), "", 0, "R", false, 0, "")
	p.SetTextColor(0, 0, 0)
}

func (p *page) next() {
	p.AddPage()
	p.y = margin
	if p.PageNo() > 1 {
		p.font(bold, 9)
		p.line(5, "Berita acara serah terima "+p.sheet.Handoff+" (lanjutan / continued)", "L")
		p.y += 1
	}
	if p.sheet.Simulated {
		p.SetFillColor(255, 235, 205)
		p.font(bold, 8)
		p.SetXY(margin, p.y)
		p.CellFormat(width, 5, "SIMULASI: bukan dokumen resmi / SIMULATION: no official document", "1", 0, "C", true, 0, "")
		p.y += 7
	}
}

func (p *page) font(style string, size float64) { p.SetFont("go", style, size) }

// line writes one line over the whole width and goes down.
func (p *page) line(height float64, text, align string) {
	p.SetXY(margin, p.y)
	p.CellFormat(width, height, p.fit(text, width), "", 0, align, false, 0, "")
	p.y += height
}

// cell writes into a box; what does not fit is made smaller, and at last cut.
func (p *page) cell(x, y, w, h float64, text, border string) {
	_, size := p.GetFontSize()
	p.SetXY(x, y)
	p.CellFormat(w, h, p.fit(text, w), border, 0, "L", false, 0, "")
	p.SetFontUnitSize(size)
}

// fit makes the font smaller until the text has room.
func (p *page) fit(text string, w float64) string {
	const least = 4.5
	room := w - 2*p.GetCellMargin()
	for size, _ := p.GetFontSize(); p.GetStringWidth(text) > room; size -= 0.25 {
		if size < least {
			runes := []rune(text)
			for len(runes) > 0 && p.GetStringWidth(string(runes)+"…") > room {
				runes = runes[:len(runes)-1]
			}
			return string(runes) + "…"
		}
		p.SetFontSize(size)
	}
	return text
}

// bytes is the file.
func (p *page) bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("draw the minutes of %s: %w", p.sheet.Handoff, err)
	}
	return out.Bytes(), nil
}
