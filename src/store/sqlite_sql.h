#pragma once
// All SQL of the SQLite store, constant text. Values are bound, never written into it.

namespace shieldwall::store::sql {

// ---- connections (page size and reserved bytes come before anything is in the file)

inline constexpr const char* new_file = "PRAGMA page_size = 8192; PRAGMA application_id = 0x53574c44;";
inline constexpr const char* connection =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
    "PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;";
inline constexpr const char* writer_memory = "PRAGMA cache_size = -32768; PRAGMA secure_delete = FAST;";
inline constexpr const char* reader_memory = "PRAGMA cache_size = -8192; PRAGMA query_only = ON;";
inline constexpr const char* destroy_deleted = "PRAGMA secure_delete = ON;";
inline constexpr const char* overwrite_deleted = "PRAGMA secure_delete = FAST;";
inline constexpr const char* checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
inline constexpr const char* empty_log = "PRAGMA wal_checkpoint(TRUNCATE)";
inline constexpr const char* pages = "PRAGMA page_count";
inline constexpr const char* application = "PRAGMA application_id";
inline constexpr const char* version = "PRAGMA user_version";
inline constexpr const char* count_tables = "SELECT count(*) FROM sqlite_schema";
inline constexpr const char* integrity = "PRAGMA integrity_check(100)";

inline constexpr const char* begin_write = "BEGIN IMMEDIATE";
inline constexpr const char* begin_read = "BEGIN";
inline constexpr const char* commit = "COMMIT";
inline constexpr const char* rollback = "ROLLBACK";

// ---- schema

inline constexpr const char* create =
    // one row for each change; holdings are their `added` rows
    "CREATE TABLE event (sequence INTEGER PRIMARY KEY, kind INTEGER NOT NULL, at INTEGER NOT NULL,"
    " arrival INTEGER NOT NULL, flags INTEGER NOT NULL, type TEXT NOT NULL, uuid BLOB NOT NULL,"
    " version BLOB NOT NULL, spec INTEGER NOT NULL, source_kind INTEGER NOT NULL, source BLOB NOT NULL,"
    " collection BLOB, label INTEGER NOT NULL, persons BLOB, embargo INTEGER, until INTEGER, removed BLOB,"
    " parts BLOB, alias BLOB, content INTEGER NOT NULL);"
    // bytes once, under the arrival that brought them
    "CREATE TABLE content (arrival INTEGER PRIMARY KEY, digest BLOB NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE label (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    // the index: what each commit added, then sorted segments of pages
    "CREATE TABLE tail (sequence INTEGER PRIMARY KEY, last INTEGER NOT NULL, postings BLOB NOT NULL);"
    "CREATE TABLE segment (number INTEGER PRIMARY KEY, family INTEGER NOT NULL, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, postings INTEGER NOT NULL, fences BLOB NOT NULL, ids BLOB NOT NULL);"
    "CREATE TABLE page (number INTEGER PRIMARY KEY, postings BLOB NOT NULL);"
    // embargoes and ends to come: event 1 opens, 2 withdraws
    "CREATE TABLE due (at INTEGER NOT NULL, arrival INTEGER NOT NULL, event INTEGER NOT NULL,"
    " PRIMARY KEY (at, arrival, event)) WITHOUT ROWID;"
    "CREATE TABLE record (family INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
    " revision INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (family, key)) WITHOUT ROWID;"
    "CREATE TABLE blob (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE setting (name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE log (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, entry BLOB NOT NULL);"
    // hash_key, revision, words_done
    "CREATE TABLE node (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

// Version 2: expired records are found without reading every record.
inline constexpr const char* from_1_to_2 =
    "CREATE INDEX record_expiry ON record (expires) WHERE expires < 9223372036854775807;"
    "PRAGMA user_version = 2;";
inline constexpr const char* from_2_to_1 = "DROP INDEX record_expiry; PRAGMA user_version = 1;";

// Version 3: amended labels. An older program reads the label a holding is under now, and forgets who met it
// when.
inline constexpr const char* from_2_to_3 = "ALTER TABLE event ADD COLUMN past BLOB; PRAGMA user_version = 3;";
inline constexpr const char* from_3_to_2 = "ALTER TABLE event DROP COLUMN past; PRAGMA user_version = 2;";

// ---- node

inline constexpr const char* read_node = "SELECT value FROM node WHERE name = ?1";
inline constexpr const char* write_node =
    "INSERT INTO node (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";

// ---- events and their bytes

inline constexpr const char* insert_event =
    "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
    "?18,"
    " ?19, ?20, ?21)";
inline constexpr const char* insert_content = "INSERT INTO content VALUES (?1, ?2, ?3)";
inline constexpr const char* delete_content = "DELETE FROM content WHERE arrival = ?1";
inline constexpr const char* relabel_event =
    "UPDATE event SET flags = ?2, label = ?3, persons = ?4, embargo = ?5, until = ?6, past = ?7"
    " WHERE sequence = ?1";
inline constexpr const char* update_event = "UPDATE event SET flags = ?2, content = ?3 WHERE sequence = ?1";
inline constexpr const char* read_events =
    "SELECT e.*, c.digest, c.bytes FROM event e LEFT JOIN content c ON c.arrival = e.content"
    " WHERE e.sequence >= ?1 AND e.sequence <= ?2 ORDER BY e.sequence";
inline constexpr const char* read_bare_events =
    "SELECT e.*, NULL, NULL FROM event e WHERE e.sequence >= ?1 AND e.sequence <= ?2 ORDER BY e.sequence";
inline constexpr const char* last_event = "SELECT max(sequence) FROM event";
inline constexpr const char* instant_of = "SELECT at FROM event WHERE sequence = ?1";
inline constexpr const char* count_texts =
    "SELECT count(*) FROM event WHERE sequence > ?1 AND (flags & ?2) = ?2 AND kind <= 2";
inline constexpr const char* read_content = "SELECT bytes FROM content WHERE arrival = ?1";

inline constexpr const char* insert_label = "INSERT INTO label VALUES (?1, ?2)";
inline constexpr const char* read_labels = "SELECT id, bytes FROM label ORDER BY id";

inline constexpr const char* insert_due = "INSERT OR IGNORE INTO due VALUES (?1, ?2, ?3)";
inline constexpr const char* read_due =
    "SELECT at, arrival, event FROM due WHERE at <= ?1 ORDER BY at, arrival LIMIT ?2";
inline constexpr const char* next_due = "SELECT at FROM due ORDER BY at LIMIT 1";
inline constexpr const char* delete_due = "DELETE FROM due WHERE at = ?1 AND arrival = ?2 AND event = ?3";

// ---- the index

inline constexpr const char* insert_tail = "INSERT INTO tail VALUES (?1, ?2, ?3)";
inline constexpr const char* read_tail = "SELECT sequence, last, postings FROM tail ORDER BY sequence";
inline constexpr const char* tail_of =
    "SELECT sequence, last, postings FROM tail WHERE sequence <= ?1 ORDER BY sequence DESC LIMIT 1";
inline constexpr const char* update_tail = "UPDATE tail SET postings = ?2 WHERE sequence = ?1";
inline constexpr const char* delete_tail = "DELETE FROM tail WHERE sequence <= ?1";
inline constexpr const char* insert_segment = "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
inline constexpr const char* delete_segment = "DELETE FROM segment WHERE number = ?1";
inline constexpr const char* read_segments =
    "SELECT number, family, first, last, postings, fences, ids FROM segment ORDER BY family, first";
inline constexpr const char* insert_page = "INSERT INTO page VALUES (?1, ?2)";
inline constexpr const char* read_page = "SELECT postings FROM page WHERE number = ?1";
inline constexpr const char* update_page = "UPDATE page SET postings = ?2 WHERE number = ?1";
inline constexpr const char* delete_pages =
    "DELETE FROM page WHERE number IN (SELECT number FROM page WHERE number >= ?1 AND number < ?2 LIMIT ?3)";
inline constexpr const char* next_page = "SELECT number FROM page WHERE number >= ?1 ORDER BY number LIMIT 1";

// ---- records

inline constexpr const char* read_record =
    "SELECT value, revision, expires FROM record WHERE family = ?1 AND key = ?2";
inline constexpr const char* write_record =
    "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (family, key)"
    " DO UPDATE SET value = ?3, revision = ?4, expires = ?5";
inline constexpr const char* delete_record = "DELETE FROM record WHERE family = ?1 AND key = ?2";
// One bound on each side: of two lower ones SQLite would seek by the first and read all up to the other.
inline constexpr const char* scan_records =
    "SELECT key, value, revision, expires FROM record WHERE family = ?1 AND key >= ?2 AND key < ?3"
    " AND expires > ?4 ORDER BY key LIMIT ?5";
inline constexpr const char* scan_records_to_the_end =
    "SELECT key, value, revision, expires FROM record WHERE family = ?1 AND key >= ?2"
    " AND expires > ?3 ORDER BY key LIMIT ?4";
inline constexpr const char* expire_records =
    "DELETE FROM record WHERE (family, key) IN (SELECT family, key FROM record"
    " WHERE expires < 9223372036854775807 AND expires <= ?1 LIMIT ?2)";

// ---- blobs, settings, log

inline constexpr const char* insert_blob = "INSERT OR REPLACE INTO blob (digest, bytes) VALUES (?1, ?2)";
inline constexpr const char* read_blob = "SELECT bytes FROM blob WHERE digest = ?1";
inline constexpr const char* delete_blob = "DELETE FROM blob WHERE digest = ?1";
inline constexpr const char* read_blobs = "SELECT digest, bytes FROM blob";
inline constexpr const char* read_setting = "SELECT value FROM setting WHERE name = ?1";
inline constexpr const char* write_setting =
    "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
inline constexpr const char* insert_log = "INSERT INTO log VALUES (?1, ?2, ?3)";
inline constexpr const char* read_log =
    "SELECT number, at, entry FROM log WHERE number >= ?1 ORDER BY number LIMIT ?2";
inline constexpr const char* log_size = "SELECT coalesce(max(number), -1) + 1 FROM log";

}  // namespace shieldwall::store::sql
