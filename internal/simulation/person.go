package simulation

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// person is somebody with a role, a token and a device. Id and token follow from his key.
type person struct {
	key   uint64
	role  string
	scope string
	party string // firm of a supplier or carrier
	seq   int64
	kept  []string // lines on his device that wait for a signal
}

func (p *person) derive(what string) [sha256.Size]byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], p.key)
	return sha256.Sum256(append(b[:], what...))
}

// id as the server would make it: random, never a name.
func (p *person) id() string {
	sum := p.derive("id")
	return "usr-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}

// token is the person's secret.
func (p *person) token() string {
	sum := p.derive("token")
	return "jjk_" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// hash is the SHA-256 of the token, in hexadecimal digits.
func (p *person) hash() string {
	sum := sha256.Sum256([]byte(p.token()))
	return hex.EncodeToString(sum[:])
}

// newPerson makes a person from the seed and his name in the play.
func newPerson(seed uint64, role, scope, name string) person {
	return person{key: key(seed, "person", role, scope, name), role: role, scope: scope}
}
