package checksum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ncruces/go-sqlite3/vfs"
)

const frameSize = FrameHeader + PageSize

// CheckFrames looks for damage in a write-ahead log before SQLite recovers it. SQLite takes the first frame whose checksum does not fit for the end of
// the log, as it is after a crash in the middle of a write. But every transaction is synced before the next one is written: where a later transaction
// follows, it is not the end, and all that was acknowledged from there on would be lost without a word.
func CheckFrames(file vfs.File, name string) error {
	header := make([]byte, LogHeader)
	frame := make([]byte, frameSize)
	if ok, err := readWhole(file, header, 0); !ok {
		return err
	}
	if ok, err := readWhole(file, frame, LogHeader); !ok {
		return err
	}
	if !headerFits(header) {
		if !mendHeader(header, frame) {
			return nil // as after a crash in the middle of beginning it anew, when all of it was in the file
		}
		// Also where it was a crash the frames are in the file already, so that no harm is in taking them again.
		if _, err := file.WriteAt(header, 0); err != nil {
			return err
		}
	}
	stored := sumAt(header, 24)
	computed := stored
	damaged := int64(0) // first frame that does not fit
	complete := false   // a transaction ended there or after it
	for k := int64(0); ; k++ {
		if ok, err := readWhole(file, frame, LogHeader+k*frameSize); !ok {
			return err
		}
		salt1, salt2 := string(frame[8:12]) == string(header[16:20]), string(frame[12:16]) == string(header[20:24])
		if !salt1 && !salt2 { // left from what the log held before
			return nil
		}
		sumFits := stored.over(frame) == sumAt(frame, 16) || damaged != 0 && computed.over(frame) == sumAt(frame, 16)
		fits := sumFits && salt1 && salt2
		switch {
		case fits && complete:
			return fmt.Errorf("%w; transactions follow that were written after it", &DamagedError{File: name, Frame: damaged})
		case !fits && damaged == 0:
			damaged = k + 1
			if sumFits || mendFrame(stored, frame) {
				return &DamagedError{File: name, Frame: damaged}
			}
		}
		if damaged != 0 && binary.BigEndian.Uint32(frame[4:]) != 0 {
			complete = true
		}
		// The next frame is held against what this one says of itself, or, if that is what is damaged, should say.
		computed = stored.over(frame)
		stored = sumAt(frame, 16)
	}
}

func readWhole(file io.ReaderAt, p []byte, off int64) (whole bool, err error) {
	n, err := file.ReadAt(p, off)
	if n == len(p) {
		return true, nil
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return false, err
}

// sums is the checksum of the write-ahead log up to a frame.
type sums struct{ s1, s2 uint32 }

func sumAt(p []byte, at int) sums {
	return sums{binary.BigEndian.Uint32(p[at:]), binary.BigEndian.Uint32(p[at+4:])}
}

// over goes on over a frame.
func (s sums) over(frame []byte) sums {
	s1, s2 := sum(s.s1, s.s2, frame[:8])
	s1, s2 = sum(s1, s2, frame[FrameHeader:])
	return sums{s1, s2}
}

func headerFits(header []byte) bool {
	s1, s2 := sum(0, 0, header[:24])
	return sumAt(header, 24) == sums{s1, s2}
}

// mendHeader finds the one byte of a header whose change makes it fit, itself and the first frame.
func mendHeader(header, first []byte) bool {
	return mend(header, func() bool {
		return headerFits(header) && string(header[16:24]) == string(first[8:16]) && sumAt(header, 24).over(first) == sumAt(first, 16)
	})
}

// mendFrame tells whether one byte in the page number or size of a frame is all that does not fit: a write that was cut short is not like that.
func mendFrame(before sums, frame []byte) bool {
	s1, s2 := before.s1, before.s2
	return mend(frame[:8], func() bool {
		a, b := sum(s1, s2, frame[:8])
		a, b = sum(a, b, frame[FrameHeader:])
		return sums{a, b} == sumAt(frame, 16)
	})
}

// mend changes one byte such that it fits, or none.
func mend(p []byte, fits func() bool) bool {
	for i, was := range p {
		for v := range 256 {
			if p[i] = byte(v); byte(v) != was && fits() {
				return true
			}
		}
		p[i] = was
	}
	return false
}

// FlippedFrame refuses a write-ahead log in which a changed byte is all that keeps a frame from fitting. SQLite would take the log to end before it, also where
// a checkpoint had already begun to copy what comes after: older pages would lie beside newer ones. A write that was cut short does not look like that.
func FlippedFrame(file io.ReaderAt, name string) error {
	header := make([]byte, LogHeader)
	if ok, err := readWhole(file, header, 0); !ok {
		return err
	}
	frame := make([]byte, frameSize)
	if !headerFits(header) {
		if ok, err := readWhole(file, frame, LogHeader); !ok || !mendHeader(header, frame) {
			return err
		}
		return &DamagedError{File: name, Frame: 1}
	}
	before := sumAt(header, 24)
	for k := int64(0); ; k++ {
		if ok, err := readWhole(file, frame, LogHeader+k*frameSize); !ok {
			return err
		}
		is, says := before.over(frame), sumAt(frame, 16)
		salts := string(frame[8:16]) == string(header[16:24])
		switch {
		case salts && is == says:
		case is == says, salts && flipped(pair(says), pair(is), frame):
			return &DamagedError{File: name, Frame: k + 1}
		default: // left from what the log held before, or cut short
			return nil
		}
		before = says
	}
}

func flipped(says, is pair, frame []byte) bool {
	return changedByte(says, is, slices.Concat(frame[:8], frame[FrameHeader:]), -1)
}
