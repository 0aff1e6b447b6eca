package need

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// per is what a factor of a norm counts.
type per int

const (
	perStation per = iota
	perVillage
	perDistrict
	perRegency
)

// terms is a sum of factor x count, with the counts of equal factors put together: "5×7761 + 2×33".
type terms []term

type term struct {
	factor, count int64
	per           per
}

func (t *terms) add(factor, count int64, p per) {
	if factor == 0 || count == 0 {
		return
	}
	for i := range *t {
		if (*t)[i].factor == factor && (*t)[i].per == p {
			(*t)[i].count += count
			return
		}
	}
	*t = append(*t, term{factor, count, p})
}

func (t terms) total() int64 {
	var sum int64
	for _, x := range t {
		sum += x.factor * x.count
	}
	return sum
}

// String writes stations first, then villages, districts and regencies.
func (t terms) String() string {
	sorted := slices.Clone(t)
	slices.SortStableFunc(sorted, func(a, b term) int {
		return cmp.Or(cmp.Compare(a.per, b.per), cmp.Compare(b.factor, a.factor))
	})
	parts := make([]string, len(sorted))
	for i, x := range sorted {
		parts[i] = fmt.Sprintf("%d×%d", x.factor, x.count)
	}
	return strings.Join(parts, " + ")
}
