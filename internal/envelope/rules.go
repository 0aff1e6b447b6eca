package envelope

import "jejak/domain"

func invalid(id string, message, remedy domain.Text) *domain.Rule {
	return &domain.Rule{ID: id, OnRequest: domain.Invalid, OnReport: domain.Invalid, Message: message, Remedy: remedy}
}

// The rules of the envelope's form. The fields of data have domain.FormRules besides.
var (
	RuleNotJSON = invalid("not_json",
		domain.Text{ID: "ini bukan satu objek JSON: %[1]v", EN: "this is not one JSON object: %[1]v"},
		domain.Text{ID: "kirim satu objek JSON dalam UTF-8; pada NDJSON satu per baris", EN: "send one JSON object in UTF-8; in NDJSON one a line"})
	RuleTooLarge = invalid("body_too_large",
		domain.Text{ID: "perintah ini %[1]v byte; paling banyak %[2]v", EN: "this command has %[1]v bytes; at most %[2]v"},
		domain.Text{ID: "bagi menjadi beberapa perintah; kirim berkas lewat PUT /v1/evidence", EN: "split it into several commands; send files by PUT /v1/evidence"})
	RuleNull = invalid("null_value",
		domain.Text{ID: "null bukan nilai", EN: "null is no value"},
		domain.Text{ID: "hapus isian ini atau beri nilai", EN: "leave the field out or give it a value"})
	RuleFieldRepeated = invalid("field_repeated",
		domain.Text{ID: "isian %[1]v ada lebih dari sekali", EN: "field %[1]v is there more than once"},
		domain.Text{ID: "tulis sekali saja", EN: "write it once"})
	RuleBadUUID = invalid("id_not_uuid",
		domain.Text{ID: "id %[1]q bukan UUID", EN: "id %[1]q is no UUID"},
		domain.Text{ID: "buat UUIDv7 baru, misalnya 018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", EN: "make a new UUIDv7, such as 018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40"})
	RuleUUIDVersion = invalid("id_not_v7",
		domain.Text{ID: "id %[1]v adalah UUID versi %[2]v, bukan versi 7", EN: "id %[1]v is a UUID of version %[2]v, not 7"},
		domain.Text{ID: "buat UUIDv7: urut menurut waktu, sehingga dikenali seumur catatan", EN: "make a UUIDv7: it is ordered by time, so that the log can recognise it for life"})
	RuleBadElection = invalid("bad_election",
		domain.Text{ID: "%[1]q bukan kode pemilu", EN: "%[1]q is no id of an election"},
		domain.Text{ID: "pakai huruf kecil dan angka, misalnya pemilu2024", EN: "use small letters and digits, such as pemilu2024"})
	RuleBadTime = invalid("bad_time",
		domain.Text{ID: "%[1]q bukan waktu RFC 3339 antara tahun 2000 dan 2100", EN: "%[1]q is no RFC 3339 time between the years 2000 and 2100"},
		domain.Text{ID: "pakai bentuk 2024-02-13T06:45:00+07:00", EN: "use the form 2024-02-13T06:45:00+07:00"})
	RuleDateWithoutZone = invalid("date_without_zone",
		domain.Text{ID: "waktu %[1]q tanpa zona waktu", EN: "time %[1]q has no time zone"},
		domain.Text{ID: "tambahkan selisih waktu, misalnya +07:00 untuk WIB", EN: "add the offset, such as +07:00 for WIB"})
	RuleOutOfRange = invalid("out_of_range",
		domain.Text{ID: "nilai %[1]v di luar %[2]v sampai %[3]v", EN: "value %[1]v is outside %[2]v to %[3]v"},
		domain.Text{ID: "kirim nilai di dalam batas itu", EN: "send a value within that range"})
	RuleBadText = invalid("bad_text",
		domain.Text{ID: "%[1]q tidak sesuai bentuk %[2]v", EN: "%[1]q does not have the form %[2]v"},
		domain.Text{ID: "betulkan bentuknya", EN: "mend its form"})
	RuleBadSHA256 = invalid("bad_sha256",
		domain.Text{ID: "%[1]q bukan SHA-256", EN: "%[1]q is no SHA-256"},
		domain.Text{ID: "tulis 64 angka heksadesimal huruf kecil", EN: "write 64 hexadecimal digits in small letters"})
	RuleSignature = invalid("signature_unsupported",
		domain.Text{ID: "tanda tangan perangkat belum dapat diperiksa di server ini", EN: "signatures of devices cannot be verified on this server yet"},
		domain.Text{ID: "kirim tanpa isian signature: pelakunya lalu pengguna token", EN: "send without the field signature: the actor is then the token's user"})
)

// Rules lists the rules of the envelope.
func Rules() []*domain.Rule {
	return []*domain.Rule{RuleNotJSON, RuleTooLarge, RuleNull, RuleFieldRepeated, RuleBadUUID, RuleUUIDVersion, RuleBadElection, RuleBadTime,
		RuleDateWithoutZone, RuleOutOfRange, RuleBadText, RuleBadSHA256, RuleSignature}
}
