package simulation

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// key derives a number from a seed and names: the same for ever, different for every name.
func key(seed uint64, names ...string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	for _, n := range names {
		h.Write([]byte(n))
		h.Write([]byte{0})
	}
	return mix(h.Sum64())
}

// mix is the finaliser of SplitMix64: every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// dice are the random numbers of one name.
func dice(seed uint64, names ...string) *rand.Rand {
	k := key(seed, names...)
	return rand.New(rand.NewPCG(k, mix(k)))
}

// chance is true in so many of a thousand cases, decided by a key.
func chance(k uint64, perMille uint64) bool { return k%1000 < perMille }
