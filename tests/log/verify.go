// Verifies a log's checkpoint, an entry's inclusion and the consistency of an earlier checkpoint with Go's own
// packages for its checksum database, which know nothing of Shieldwall.
//
//	verify KEY FOLDER INDEX PROOF [OLDER]   FOLDER: tiles; PROOF: a proof file of entry INDEX; OLDER: a checkpoint
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(err error) {
	if err != nil {
		fmt.Println("FAIL", err)
		os.Exit(1)
	}
}

// A log is a signed tree head in three lines.
func open(text []byte, key string) tlog.Tree {
	verifier, err := note.NewVerifier(key)
	fail(err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	fail(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		fail(fmt.Errorf("not a checkpoint of %s", verifier.Name()))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	fail(err)
	var root tlog.Hash
	hash, err := base64.StdEncoding.DecodeString(lines[2])
	fail(err)
	copy(root[:], hash)
	return tlog.Tree{N: size, Hash: root}
}

// Tiles as C2SP lays them out: as Go's, without the height in their path.
type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func entry(folder string, size, index int64) []byte {
	path := fmt.Sprintf("%03d", index/256)
	if width := size - index/256*256; width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	bundle, err := os.ReadFile(filepath.Join(folder, "tile/entries", path))
	fail(err)
	for i := index % 256; ; i-- {
		length := int(bundle[0])<<8 | int(bundle[1])
		if i == 0 {
			return bundle[2 : 2+length]
		}
		bundle = bundle[2+length:]
	}
}

func proofHashes(lines []string) tlog.RecordProof {
	var proof tlog.RecordProof
	for _, line := range lines {
		bytes, err := base64.StdEncoding.DecodeString(line)
		fail(err)
		var hash tlog.Hash
		copy(hash[:], bytes)
		proof = append(proof, hash)
	}
	return proof
}

func main() {
	key, folder := os.Args[1], os.Args[2]
	index, err := strconv.ParseInt(os.Args[3], 10, 64)
	fail(err)
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	fail(err)
	tree := open(text, key)

	// From the tiles, which the reader checks against the root.
	reader := tlog.TileHashReader(tree, tiles{folder})
	leaf := tlog.RecordHash(entry(folder, tree.N, index))
	made, err := tlog.ProveRecord(tree.N, index, reader)
	fail(err)
	fail(tlog.CheckRecord(made, tree.N, tree.Hash, index, leaf))

	// From the proof file alone.
	file, err := os.ReadFile(os.Args[4])
	fail(err)
	head, signed, found := strings.Cut(string(file), "\n\n")
	if !found {
		fail(fmt.Errorf("a proof file without an empty line"))
	}
	proved := open([]byte(signed), key)
	lines := strings.Split(head, "\n")
	for len(lines) > 0 && !strings.HasPrefix(lines[0], "index ") {
		lines = lines[1:]
	}
	if lines[0] != "index "+os.Args[3] {
		fail(fmt.Errorf("another index: %s", lines[0]))
	}
	fail(tlog.CheckRecord(proofHashes(lines[1:]), proved.N, proved.Hash, index, leaf))

	if len(os.Args) > 5 {
		text, err := os.ReadFile(os.Args[5])
		fail(err)
		older := open(text, key)
		made, err := tlog.ProveTree(tree.N, older.N, reader)
		fail(err)
		fail(tlog.CheckTree(made, tree.N, tree.Hash, older.N, older.Hash))
		fmt.Printf("OK %d continues %d\n", tree.N, older.N)
		return
	}
	fmt.Printf("OK %d\n", tree.N)
}
