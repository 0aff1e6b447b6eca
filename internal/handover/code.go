package handover

import (
	"fmt"

	"github.com/boombuler/barcode/qr"
)

// codeSize is the side of the QR code in millimetres: a proof in a log of millions has some 2,000 characters, and a telephone's camera reads modules
// of 0.35 mm.
const codeSize = 50.0

// mostInCode is what a QR code holds at the lowest correction, in bytes.
const mostInCode = 2953

// code is what the QR code says: the proof, or without one where the acceptance is to be found.
func (sheet *Sheet) code() string {
	e := sheet.Evidence
	if e.Proof != "" && len(e.Proof) <= mostInCode {
		return e.Proof
	}
	return fmt.Sprintf("jejak-bast/v1\n%s\n%s.%s\n%s\n%s\n", sheet.Handoff, sheet.Election, sheet.Unit, sheet.Receiver.Event, e.Leaf)
}

// evidence draws the code, and below it what it is.
func (p *page) evidence() error {
	e := p.sheet.Evidence
	text := p.sheet.code()
	level := qr.L
	if len(text) < 300 {
		level = qr.M
	}
	code, err := qr.Encode(text, level, qr.Unicode)
	if err != nil {
		return fmt.Errorf("make the QR code of %s: %w", p.sheet.Handoff, err)
	}
	side := code.Bounds().Dx()
	module := codeSize / float64(side+8) // four modules of quiet zone around
	p.SetFillColor(0, 0, 0)
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && dark(code.At(x, y)) {
				x++
			}
			if x > from {
				p.Rect(margin+float64(from+4)*module, p.y+float64(y+4)*module, float64(x-from)*module, module, "F")
			}
		}
	}
	note := "Bukti menyusul / proof pending: jejak audit prove"
	switch {
	case e.Proof != "" && text == e.Proof:
		note = "Bukti C2SP tlog-proof dalam kode / proof in the code: jejak audit check"
	case e.Proof != "":
		note = "Bukti terlalu panjang / proof too long for a code: jejak audit prove"
	}
	p.font(plain, 5.8)
	p.cell(margin, p.y+codeSize, codeSize+4, 2.6, note, "")
	p.font(plain, 5.8)
	p.cell(margin, p.y+codeSize+2.6, width, 2.6, fmt.Sprintf("catatan / records: %s (diserahkan), %s (diterima) · daun / leaf %s", p.sheet.Giver.Event, p.sheet.Receiver.Event, e.Leaf), "")
	return nil
}

func dark(c interface{ RGBA() (r, g, b, a uint32) }) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
