package domain

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Check collects everything that is malformed in a command.
type Check struct {
	Unit       Code
	Election   string
	Now        time.Time
	violations []Violation
}

// Violations found so far.
func (c *Check) Violations() []Violation { return c.violations }

// Fail notes a violation at a path. Of a long text only the beginning is said again: an answer must not be as large as what it refuses.
func (c *Check) Fail(rule *Rule, path string, args ...any) {
	for i, arg := range args {
		most := mostShown
		if i > 0 {
			most = mostListed
		}
		if text, is := arg.(string); is && len(text) > most {
			args[i] = firstOf(text, most)
		}
	}
	c.violations = append(c.violations, Violation{Rule: rule, Path: path, Args: args})
}

const (
	mostShown  = 120  // bytes of a text that is refused
	mostListed = 1000 // bytes of what else a message names, such as the values that are allowed
)

// firstOf is the beginning of a text, whole characters only, and a sign that there is more.
func firstOf(text string, most int) string {
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "..."
}

// Required fails when the text is empty.
func (c *Check) Required(path, value string) bool {
	if value == "" {
		c.Fail(RuleMissing, path)
		return false
	}
	return true
}

// NotNegative fails for a negative count.
func (c *Check) NotNegative(path string, n int64) {
	if n < 0 {
		c.Fail(RuleNegative, path, n)
	}
}

// Positive fails for zero and below.
func (c *Check) Positive(path string, n int64) {
	if n <= 0 {
		c.Fail(RuleNotPositive, path, n)
	}
}

// Code fails for what is not a region code of one of the levels (any level when none is given).
func (c *Check) Code(path string, code Code, levels ...Level) {
	parsed, err := ParseCode(string(code))
	if err != nil {
		c.Fail(RuleNotACode, path, string(code), err.Error())
		return
	}
	for _, l := range levels {
		if parsed.Level() == l {
			return
		}
	}
	if len(levels) > 0 {
		c.Fail(RuleWrongLevel, path, string(code), int(parsed.Level()))
	}
}

// ID fails for an id that is not <prefix>-<unit>-...; see CheckID.
func (c *Check) ID(path, id, prefix string) {
	if !c.Required(path, id) {
		return
	}
	if why := CheckID(id, prefix, c.Unit); why != "" {
		c.Fail(RuleBadID, path, id, why)
	}
}

// Box fails for a malformed id.
func (c *Check) Box(path string, id BoxID) {
	if _, err := ParseBoxID(string(id)); err != nil {
		c.Fail(RuleBadBox, path, string(id))
	}
}

// Boxes fails for an empty or too long list, malformed ids and repeated ids. at returns the id of entry i and its place below path.
func (c *Check) Boxes(path string, n int, at func(i int) (id BoxID, place string)) {
	if n == 0 {
		c.Fail(RuleEmptyList, path)
	}
	if n > MaxBoxes {
		c.Fail(RuleTooMany, path, n, MaxBoxes)
		return
	}
	seen := make(map[BoxID]int, n)
	for i := range n {
		id, place := at(i)
		if _, err := ParseBoxID(string(id)); err != nil {
			c.Fail(RuleBadBox, path+place, string(id))
			continue
		}
		if first, ok := seen[id]; ok {
			c.Fail(RuleRepeated, path+place, string(id), first)
			continue
		}
		seen[id] = i
	}
}

// BoxList is Boxes for a plain list of ids; an empty one fails only when required.
func (c *Check) BoxList(path string, boxes []BoxID, required bool) {
	if len(boxes) == 0 && !required {
		return
	}
	c.Boxes(path, len(boxes), func(i int) (BoxID, string) { return boxes[i], Index(i) })
}

// MaxBoxes is the most boxes in one command.
const MaxBoxes = 1000

// MaxWitnesses is the most witnesses of one act.
const MaxWitnesses = 50

// Index is "/3" for 3.
func Index(i int) string { return "/" + strconv.Itoa(i) }

// The rules of form, the same for every command.
var (
	RuleMissing = Malformed("field_missing",
		Text{"isian ini wajib ada", "this field is required"},
		Text{"isi nilainya", "give it a value"})
	RuleUnknownField = Malformed("field_unknown",
		Text{"isian %[1]v tidak dikenal", "field %[1]v is unknown"},
		Text{"hapus atau perbaiki ejaannya; isian yang dikenal: %[2]v", "remove it or mend its spelling; known fields: %[2]v"})
	RuleFieldType = Malformed("field_type",
		Text{"nilai %[1]v bukan %[2]v", "value %[1]v is not %[2]v"},
		Text{"kirim nilai dengan jenis yang benar", "send a value of the right type"})
	RuleNegative = Malformed("negative",
		Text{"jumlah %[1]v negatif", "quantity %[1]v is negative"},
		Text{"kirim jumlah nol atau lebih", "send zero or more"})
	RuleNotPositive = Malformed("not_positive",
		Text{"jumlah %[1]v harus lebih dari nol", "quantity %[1]v must be above zero"},
		Text{"kirim jumlah satu atau lebih", "send one or more"})
	RuleNotACode = Malformed("not_a_code",
		Text{"%[1]q bukan kode wilayah", "%[1]q is no region code: %[2]v"},
		Text{"pakai kode KPU tanpa titik: 2, 4, 6, 10 atau 13 angka", "use KPU's code without dots: 2, 4, 6, 10 or 13 digits"})
	RuleWrongLevel = Malformed("wrong_level",
		Text{"kode %[1]v (%[2]v angka) bukan tingkat yang diminta", "code %[1]v (%[2]v digits) is not of the level asked for"},
		Text{"pakai kode tingkat yang benar", "use a code of the right level"})
	RuleBadID = Malformed("bad_id",
		Text{"id %[1]q salah bentuk", "id %[1]q: %[2]v"},
		Text{"pakai bentuk AWALAN-KODE-NOMOR, misalnya SHP-3578-000123", "use PREFIX-CODE-NUMBER, such as SHP-3578-000123"})
	RuleBadBox = Malformed("bad_box",
		Text{"%[1]q bukan id kotak", "%[1]q is no box id"},
		Text{"bentuknya <TPS 13 angka>-<jenis>, misalnya 3578010001001-PPWP", "the form is <13-digit station>-<type>, such as 3578010001001-PPWP"})
	RuleRepeated = Malformed("repeated",
		Text{"%[1]v sudah ada pada baris %[2]v perintah ini", "%[1]v is already in entry %[2]v of this command"},
		Text{"sebut setiap barang satu kali", "name every thing once"})
	RuleEmptyList = Malformed("empty_list",
		Text{"daftar ini kosong", "this list is empty"},
		Text{"sebut sedikitnya satu", "name at least one"})
	RuleTooMany = Malformed("too_many",
		Text{"%[1]v baris, paling banyak %[2]v", "%[1]v entries, at most %[2]v"},
		Text{"bagi menjadi beberapa perintah", "split it into several commands"})
	RuleNotOneOf = Malformed("not_one_of",
		Text{"%[1]q tidak dikenal di sini", "%[1]q is not known here"},
		Text{"pakai salah satu dari: %[2]v", "use one of: %[2]v"})
)

// FormRules lists the rules of form.
func FormRules() []*Rule {
	return []*Rule{RuleMissing, RuleUnknownField, RuleFieldType, RuleNegative, RuleNotPositive, RuleNotACode, RuleWrongLevel, RuleBadID,
		RuleBadBox, RuleRepeated, RuleEmptyList, RuleTooMany, RuleNotOneOf, RuleTooLong, RuleControl}
}
