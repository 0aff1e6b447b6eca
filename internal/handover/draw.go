package handover

import (
	"fmt"
	"strings"
)

// PDF draws the minutes on A4: forty boxes with their closing fit on one page, more go on over numbered pages. The same sheet gives the same bytes.
func (sheet Sheet) PDF() ([]byte, error) {
	p := newPage(&sheet)
	p.next()
	p.head()
	p.parties()
	p.boxes()
	if err := p.close(); err != nil {
		return nil, err
	}
	return p.bytes()
}

func (p *page) head() {
	s := p.sheet
	p.font(bold, 14)
	p.line(7, "BERITA ACARA SERAH TERIMA", "C")
	p.font(italic, 8)
	p.line(4, "Minutes of handover", "C")
	number := s.Number
	if number == "" {
		number = s.Handoff
	}
	p.font(plain, 10)
	p.line(5.5, "Nomor / number: "+number, "C")
	p.font(plain, 8)
	road := "dibawa tanpa kendaraan / carried on foot"
	if s.Shipment != "" {
		road = "pengiriman / shipment " + s.Shipment
	}
	p.line(4.5, fmt.Sprintf("KPU %s (%s) · %s · serah terima / handoff %s · %s", s.UnitName, s.Unit, s.ElectionName, s.Handoff, road), "C")
	p.y += 1.5
	p.font(plain, 9)
	p.SetXY(margin, p.y)
	p.MultiCell(width, 4.4, fmt.Sprintf("Pada hari %s, pukul %s, di %s, logistik pemilu yang disebut di bawah ini telah diserahkan oleh PIHAK PERTAMA dan diterima oleh PIHAK KEDUA.",
		day(s.Receiver.At), clock(s.Receiver.At), s.Place), "", "L", false)
	p.y = p.GetY()
	p.font(italic, 7)
	p.line(4, "On this day the election logistics listed below were handed over by the first party and accepted by the second party.", "L")
	p.y += 1.5
}

func (p *page) parties() {
	const row = 4.3
	half := width / 2
	top := p.y
	column := func(x float64, title string, party Party, when string) {
		p.font(bold, 8.5)
		p.cell(x, top, half, row+0.6, title, "")
		for i, line := range [][2]string{{"Nama / name", party.Person.String()}, {"Nomor orang / id", party.Person.ID}, {"Wilayah / area", party.Place.String()}, {when, dayAndClock(party.At)}} {
			y := top + row + 0.6 + float64(i)*row
			p.font(plain, 7.5)
			p.cell(x, y, 29, row, line[0], "")
			p.font(plain, 8.5)
			if line[1] == "" {
				line[1] = "-"
			}
			p.cell(x+29, y, half-29, row, line[1], "")
		}
	}
	column(margin, "PIHAK PERTAMA, yang menyerahkan / giver", p.sheet.Giver, "Diserahkan / given")
	column(margin+half, "PIHAK KEDUA, yang menerima / receiver", p.sheet.Receiver, "Diterima / accepted")
	p.Rect(margin, top, half, 5*row+1.6, "D")
	p.Rect(margin+half, top, half, 5*row+1.6, "D")
	p.y = top + 5*row + 4
}

// The table of boxes has two bands side by side.
const (
	rowHeight = 4.1
	bandGap   = 2.0
	bandWidth = (width - bandGap) / 2
)

var columns = []struct {
	title string
	width float64
}{{"No.", 7}, {"Kotak / box", 30}, {"Segel dibaca / seals read", 36}, {"Keadaan", bandWidth - 73}}

func (p *page) boxes() {
	left := p.sheet.Boxes
	for n := 1; ; {
		room := int((bottom - p.y - rowHeight) / rowHeight)
		rows := min(room, (len(left)+1)/2)
		p.band(margin, left[:min(rows, len(left))], n)
		if rows < len(left) {
			p.band(margin+bandWidth+bandGap, left[rows:min(2*rows, len(left))], n+rows)
		}
		p.y += float64(rows+1)*rowHeight + 1.5
		if 2*rows >= len(left) {
			break
		}
		n, left = n+2*rows, left[2*rows:]
		p.next()
	}
	s := p.sheet
	p.room(5)
	p.font(bold, 8.5)
	p.line(5, fmt.Sprintf("Ditawarkan %d · diterima %d · kurang %d · lebih %d", s.Offered, s.Accepted, s.Missing, s.Extra)+
		"   (offered, accepted, missing, extra)", "L")
}

func (p *page) band(x float64, boxes []Box, from int) {
	y := p.y
	row := func(values []string, mark bool) {
		at := x
		for i, c := range columns {
			p.font(plain, 7)
			if mark {
				p.font(bold, 7)
			}
			p.cell(at, y, c.width, rowHeight, values[i], "1")
			at += c.width
		}
		y += rowHeight
	}
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.title
	}
	row(heads, true)
	for i, b := range boxes {
		condition := b.condition()
		if b.SealsDiffer() {
			condition += ", segel lain"
		}
		row([]string{fmt.Sprint(from + i), string(b.ID), seals(b.Read), condition}, condition != "baik")
	}
}

// room goes to a new page where less than so many millimetres are left.
func (p *page) room(height float64) {
	if p.y+height > bottom {
		p.next()
	}
}

// closing is what stands together at the end: signatures, code, and what they rest on.
const closing = 58.0

func (p *page) close() error {
	p.paragraph("Perbedaan / differences", p.sheet.differences(), "Tidak ada / none.")
	var witnesses []string
	for _, w := range p.sheet.Witnesses {
		line := role(w.Role) + ": " + w.Person.String()
		if w.Person.Name != "" {
			line += " (" + w.Person.ID + ")"
		}
		witnesses = append(witnesses, line)
	}
	p.paragraph("Saksi / witnesses", witnesses, "Tidak ada / none.")
	p.room(closing)
	if err := p.evidence(); err != nil {
		return err
	}
	p.signatures()
	return nil
}

func (p *page) paragraph(title string, lines []string, none string) {
	const row = 3.6
	p.room(2*row + 1)
	p.font(bold, 8.5)
	p.line(4.4, title, "L")
	p.font(plain, 7.5)
	if len(lines) == 0 {
		lines = []string{none}
	}
	for i, l := range lines {
		p.room(row)
		p.font(plain, 7.5)
		if len(lines) > 1 {
			l = fmt.Sprintf("%d. %s", i+1, l)
		}
		p.line(row, l, "L")
	}
	p.y += 1
}

// signatures are the lines to sign on, right of the code.
func (p *page) signatures() {
	left := margin + codeSize + 4
	w := (width - codeSize - 4) / 2
	sign := func(x, y float64, title, name string) {
		p.font(plain, 8)
		p.cell(x, y, w, 4, title, "")
		p.Line(x+1, y+19, x+w-6, y+19)
		p.font(plain, 7.5)
		p.cell(x, y+19.5, w, 4, name, "")
	}
	top := p.y
	sign(left, top, "PIHAK PERTAMA / first party", p.sheet.Giver.Person.String())
	sign(left+w, top, "PIHAK KEDUA / second party", p.sheet.Receiver.Person.String())
	for i := range 2 {
		title, name := "Saksi / witness", strings.Repeat(" ", 3)
		if i < len(p.sheet.Witnesses) {
			witness := p.sheet.Witnesses[i]
			title, name = "Saksi / witness: "+role(witness.Role), witness.Person.String()
		}
		sign(left+float64(i)*w, top+26, title, name)
	}
}
