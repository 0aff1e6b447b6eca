package packing

import "jejak/domain"

// The rules of form of the room; what a box's facts say about it are the rules of package box.
var (
	RuleKit = domain.Malformed("kit_is_no_box",
		domain.Text{ID: "%[1]v adalah perlengkapan luar kotak, tidak diperiksa, disegel atau diganti", EN: "%[1]v is a kit outside the boxes; it is not checked, sealed or replaced"},
		domain.Text{ID: "catat dengan packing.pack_kits", EN: "record it with packing.pack_kits"})
	RuleNotAKit = domain.Malformed("not_a_kit",
		domain.Text{ID: "%[1]v bukan perlengkapan luar kotak", EN: "%[1]v is no kit"},
		domain.Text{ID: "bentuknya <TPS 13 angka>-KIT", EN: "the form is <13-digit station>-KIT"})
	RuleRecapHasBallots = domain.Malformed("recap_has_ballots",
		domain.Text{ID: "kotak rekapitulasi %[1]v tidak berisi surat suara", EN: "recapitulation box %[1]v holds no ballots"},
		domain.Text{ID: "kosongkan design, isi ballots dengan 0", EN: "leave design empty and ballots 0"})
	RuleBadSeal = domain.Malformed("bad_seal",
		domain.Text{ID: "%[1]q bukan nomor segel", EN: "%[1]q is no seal number"},
		domain.Text{ID: "huruf, angka, titik, garis; paling banyak 40", EN: "letters, digits, dots, dashes, slashes; at most 40"})
	RuleNotNext = domain.Malformed("not_the_next_replacement",
		domain.Text{ID: "pengganti harus bernomor %[2]v, bukan %[1]v", EN: "the replacement must be %[2]v, not %[1]v"},
		domain.Text{ID: "pakai nomor %[2]v", EN: "use %[2]v"})
)
