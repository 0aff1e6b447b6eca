package handover

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// codeSize is the side of the QR code in millimetres: a proof in a log of millions has some 2,000 characters, and a telephone's camera reads modules
// of 0.35 mm.
const codeSize = 50.0

// mostInCode is what a QR code holds at the lowest correction, in bytes.
const mostInCode = 2953

// NoProof is the first line of a code without a proof in it.
const NoProof = "jejak-bast/v1"

// code is what the QR code says: the proof, or without one where the acceptance is to be found.
func (sheet *Sheet) code() string {
	e := sheet.Evidence
	if e.Proof != "" && len(e.Proof) <= mostInCode {
		return e.Proof
	}
	return fmt.Sprintf(NoProof+"\n%s\n%s.%s\n%s\n%s\n", sheet.Handoff, sheet.Election, sheet.Unit, sheet.Receiver.Event, e.Leaf)
}

// evidence draws the code, and below it what it is.
func (p *page) evidence() error {
	e := p.sheet.Evidence
	text := p.sheet.code()
	code, err := drawn(text)
	if err != nil {
		return fmt.Errorf("make the QR code of %s: %w", p.sheet.Handoff, err)
	}
	side := code.Bounds().Dx()
	p.modules(code, codeSize/float64(side+8)) // four modules of quiet zone around
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

// modules draws a code as one path whose coordinates are whole modules, with its quiet zone at the margin. Coordinates of the page, which has two decimals of a
// point, would make a renderer that fits shapes to pixels round neighbours differently: then no reader reads it at some resolutions.
func (p *page) modules(code barcode.Barcode, module float64) {
	const point = 72 / 25.4 // of a millimetre
	side := code.Bounds().Dx()
	var path strings.Builder
	fmt.Fprintf(&path, "q 0 g %.6f 0 0 -%.6[1]f %.6f %.6f cm", module*point, (margin+4*module)*point, (pageHeight-p.y-4*module)*point)
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && dark(code.At(x, y)) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, " %d %d %d 1 re", from, y, x-from)
			}
		}
	}
	p.RawWriteStr(path.String() + " f Q\n")
}

// drawn is the code of a text, in the smallest version that all readers read: with the lowest correction where the text is long, for a module is then largest
// on the same paper.
func drawn(text string) (barcode.Barcode, error) {
	level := qr.L
	if len(text) < 300 {
		level = qr.M
	}
	code, err := qr.Encode(text, level, qr.Unicode)
	if err == nil && level == qr.L && version(code) == unread {
		return qr.Encode(text, qr.M, qr.Unicode)
	}
	return code, err
}

// unread is the version that jsQR (up to 1.4.0, the newest) never reads at the lowest correction: its table has another number of blocks for it.
const unread = 23

// version of a code is its size: 21 modules a side for version 1, and four more for each further one.
func version(code barcode.Barcode) int { return (code.Bounds().Dx() - 17) / 4 }

func dark(c interface{ RGBA() (r, g, b, a uint32) }) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
