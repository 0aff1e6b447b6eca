package envelope

import (
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/internal/api"
)

const (
	maxEvidence = 50
	maxDeviceID = 100
)

var (
	mediaForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}$`)
	kindForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// check checks the values of an envelope and of its data (nil: could not be read at all, and that is known).
func check(w *wire, data domain.Command, now time.Time) (Parsed, []domain.Violation) {
	c := domain.Check{Now: now, Election: w.Election, Unit: domain.Code(w.Unit)}
	p := Parsed{RawID: shorten(w.ID)}
	p.ID = checkID(&c, w.ID)
	p.Mode = checkMode(&c, w.Mode)
	p.Election = w.Election
	if c.Required("/election", w.Election) && !isElection(w.Election) {
		c.Fail(RuleBadElection, "/election", shorten(w.Election))
	}
	p.Unit = domain.Code(w.Unit)
	if c.Required("/unit", w.Unit) {
		c.Code("/unit", p.Unit, domain.Province, domain.Regency)
	}
	p.OccurredAt = checkTime(&c, w.OccurredAt)
	p.Device = checkDevice(&c, w.Device)
	p.Place = checkPlace(&c, w.Place)
	p.Evidence = checkEvidence(&c, w.Evidence)
	if w.Signature != nil {
		c.Fail(RuleSignature, "/signature")
	}
	if data != nil {
		p.Data = data
		data.Validate(&c)
	}
	return p, c.Violations()
}

// isElection tells whether a text is the name of an election: [a-z][a-z0-9]{1,30}. Every command has one.
func isElection(s string) bool {
	if len(s) < 2 || len(s) > 31 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

func checkID(c *domain.Check, text string) uuid.UUID {
	if !c.Required("/id", text) {
		return uuid.Nil
	}
	id, err := uuid.Parse(text)
	switch {
	case err != nil || len(text) != 36:
		c.Fail(RuleBadUUID, "/id", shorten(text))
	case id.Version() != 7 || id.Variant() != uuid.RFC4122:
		c.Fail(RuleUUIDVersion, "/id", text, int(id.Version()))
	}
	return id
}

func checkMode(c *domain.Check, text string) domain.Mode {
	mode := domain.Mode(text)
	if c.Required("/mode", text) && mode != domain.Request && mode != domain.Report {
		c.Fail(domain.RuleNotOneOf, "/mode", shorten(text), "request, report")
	}
	return mode
}

func checkTime(c *domain.Check, text string) time.Time {
	const path = "/occurred_at"
	if !c.Required(path, text) {
		return time.Time{}
	}
	t, err := domain.ParseTime(text)
	switch {
	case err == nil && t.Year() >= 2000 && t.Year() < 2100:
		return t
	case err != nil && domain.TimeWithoutZone(text):
		c.Fail(RuleDateWithoutZone, path, text)
	default:
		c.Fail(RuleBadTime, path, shorten(text))
	}
	return time.Time{}
}

func checkDevice(c *domain.Check, d *wireDevice) domain.Device {
	if d == nil {
		return domain.Device{}
	}
	if c.Required("/device/id", d.ID) {
		checkPrintable(c, "/device/id", d.ID, maxDeviceID)
	}
	if d.Seq == nil {
		c.Fail(domain.RuleMissing, "/device/seq")
		return domain.Device{ID: d.ID}
	}
	c.NotNegative("/device/seq", *d.Seq)
	return domain.Device{ID: d.ID, Seq: *d.Seq}
}

func checkPrintable(c *domain.Check, path, text string, most int) {
	if len(text) > most || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r > '~' }) {
		c.Fail(RuleBadText, path, shorten(text), "ASCII, 1-100")
	}
}

func checkPlace(c *domain.Check, p *wirePlace) *api.Place {
	if p == nil {
		return nil
	}
	place := &api.Place{Accuracy: p.Accuracy}
	degrees := func(path string, v *float64, limit float64) float64 {
		switch {
		case v == nil:
			c.Fail(domain.RuleMissing, path)
			return 0
		case *v < -limit || *v > limit:
			c.Fail(RuleOutOfRange, path, *v, -limit, limit)
		}
		return *v
	}
	place.Lat = degrees("/place/lat", p.Lat, 90)
	place.Lon = degrees("/place/lon", p.Lon, 180)
	if p.Accuracy < 0 || p.Accuracy > 1e6 {
		c.Fail(RuleOutOfRange, "/place/accuracy", p.Accuracy, 0, "1000000 m")
	}
	return place
}

func checkEvidence(c *domain.Check, list []api.Evidence) []api.Evidence {
	if len(list) > maxEvidence {
		c.Fail(domain.RuleTooMany, "/evidence", len(list), maxEvidence)
		return nil
	}
	for i, e := range list {
		at := "/evidence" + domain.Index(i)
		if c.Required(at+"/sha256", e.SHA256) && !isSHA256(e.SHA256) {
			c.Fail(RuleBadSHA256, at+"/sha256", shorten(e.SHA256))
		}
		if c.Required(at+"/media_type", e.MediaType) && !mediaForm.MatchString(e.MediaType) {
			c.Fail(RuleBadText, at+"/media_type", shorten(e.MediaType), "image/jpeg")
		}
		if c.Required(at+"/kind", e.Kind) && !kindForm.MatchString(e.Kind) {
			c.Fail(RuleBadText, at+"/kind", shorten(e.Kind), "[a-z][a-z0-9_]{0,39}")
		}
	}
	return list
}

func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// shorten keeps what stands in an answer readable.
func shorten(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && text[cut]&0xC0 == 0x80 { // not within a character
		cut--
	}
	return text[:cut] + "..."
}
