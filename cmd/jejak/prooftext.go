package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"jejak/internal/handover"
)

// mostProof is how many bytes of a proof are read: more than any log's proof has.
const mostProof = 1 << 20

// readProof reads a proof from a file, or for "-" from in.
func readProof(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close() // only read from
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, mostProof+1))
	if err == nil && len(text) > mostProof {
		err = fmt.Errorf("%s has more than %d bytes: that is no proof", name, mostProof)
	}
	return proofText(text), err
}

// proofText is a proof as it was written, whatever brought it: programs that read QR codes, editors and shells end lines with CR LF or CR, put a byte order mark
// before a text, write UTF-16, and add or leave out empty lines at either end. Nothing of that is in what is signed.
func proofText(text []byte) []byte {
	for mark, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		if units, is := bytes.CutPrefix(text, []byte(mark)); is {
			wide := make([]uint16, len(units)/2)
			for i := range wide {
				wide[i] = order.Uint16(units[2*i:])
			}
			text = []byte(string(utf16.Decode(wide)))
		}
	}
	s := strings.TrimPrefix(string(text), "\ufeff")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return []byte(strings.Trim(s, " \t\n") + "\n")
}

// unreadable says why a text is no proof that could hold or not; nil where it is one.
func unreadable(text []byte, err error) error {
	var other *torchwood.VerifyRecordError
	var unverified *note.UnverifiedNoteError
	var forged *note.InvalidSignatureError
	switch {
	case err == nil, errors.As(err, &other), errors.As(err, &unverified), errors.As(err, &forged):
		return nil
	case bytes.HasPrefix(text, []byte(handover.NoProof)):
		return errors.New("the proof cannot be read: the code of these minutes has none, only the place of the record in the log: jejak audit prove EVENT writes its proof / " +
			"bukti tidak terbaca: kode berita acara ini hanya memuat tempat catatannya: jejak audit prove EVENT membuat buktinya")
	}
	return fmt.Errorf("the proof cannot be read, which does not say that it is forged: %w: give the whole text of the code or file, as jejak audit prove writes it / "+
		"bukti tidak terbaca, belum tentu palsu: berikan seluruh teks kode atau berkasnya", err)
}
