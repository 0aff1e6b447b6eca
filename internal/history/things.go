package history

import (
	"jejak/domain"
	"jejak/internal/trail"
)

// StationThings are what a polling station's card is made of: the station, and all its boxes and its kit.
func StationThings(code domain.Code) []trail.Thing {
	return []trail.Thing{{ID: string(code)}, {ID: string(code) + "-", Within: true}}
}
