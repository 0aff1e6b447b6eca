package handover

import (
	"fmt"
	"strings"
	"time"
)

// wib is the time of East Java, whatever zone a device is in.
var wib = time.FixedZone("WIB", 7*60*60)

var (
	days   = [...]string{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"}
	months = [...]string{"", "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"}
)

func day(t time.Time) string {
	t = t.In(wib)
	return fmt.Sprintf("%s, %d %s %d", days[t.Weekday()], t.Day(), months[t.Month()], t.Year())
}

func clock(t time.Time) string { return t.In(wib).Format("15.04") + " WIB" }

func dayAndClock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return day(t) + ", pukul " + clock(t)
}

var conditions = map[string]string{"seal_broken": "segel rusak", "unsealed": "tanpa segel", "damaged": "rusak", "wet": "basah"}

// condition is the word for how a box came.
func (b Box) condition() string {
	switch b.Mark {
	case IsMissing:
		return "KURANG"
	case IsExtra:
		return "LEBIH"
	case Unmentioned:
		return "TAK DISEBUT"
	case Taken:
	}
	if len(b.Condition) == 0 {
		return "baik"
	}
	list := make([]string, len(b.Condition))
	for i, c := range b.Condition {
		if list[i] = conditions[c]; list[i] == "" {
			list[i] = c
		}
	}
	return strings.Join(list, ", ")
}

// differences says in sentences what is not as it was offered.
func (sheet *Sheet) differences() []string {
	var list []string
	for _, b := range sheet.Boxes {
		switch {
		case b.Mark == IsMissing:
			list = append(list, fmt.Sprintf("%s: ditawarkan, tidak ada / offered, not there", b.ID))
		case b.Mark == Unmentioned:
			list = append(list, fmt.Sprintf("%s: ditawarkan, tidak disebut penerima / offered, not mentioned by the receiver", b.ID))
		case b.Mark == IsExtra:
			list = append(list, fmt.Sprintf("%s: diterima, tidak ditawarkan / received, not offered", b.ID))
		case len(b.Condition) > 0:
			list = append(list, fmt.Sprintf("%s: %s / %s", b.ID, b.condition(), strings.ReplaceAll(strings.Join(b.Condition, ", "), "_", " ")))
		}
		if b.SealsDiffer() {
			list = append(list, fmt.Sprintf("%s: segel dipasang %s, dibaca %s / seals applied and read differ", b.ID, seals(b.Applied), seals(b.Read)))
		}
	}
	return list
}

func seals(numbers []string) string {
	if len(numbers) == 0 {
		return "-"
	}
	return strings.Join(numbers, " ")
}

var roles = map[string]string{"supervisor": "pengawas (Bawaslu)", "police": "polisi", "escort": "pengawal", "witness": "saksi"}

func role(code string) string {
	if word := roles[code]; word != "" {
		return word
	}
	return code
}

// String is the name, or the id where there is none.
func (p Person) String() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.ID != "":
		return p.ID
	}
	return "-"
}

func (p Place) String() string {
	switch {
	case p.Code == "":
		return "-"
	case p.Name == "":
		return string(p.Code)
	}
	return p.Name + " (" + string(p.Code) + ")"
}
