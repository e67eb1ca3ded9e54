/* A library to put in front of libsqlite3 (LD_PRELOAD): writes down what a program asks of its databases and what it is answered,
   for recording.py. Appends a line for each call to the file that MLEAN_SQL_RECORD names; texts and values are in hex, or "-" for
   an empty one, after the letter of their type:
     p THREAD STATEMENT FILE CONNECTION SQL            prepared
     b STATEMENT NUMBER VALUE                          bound
     s THREAD STATEMENT CODE CHANGES ROWID VALUE…      stepped; with the row's values when there is one
     r STATEMENT                                       reset: the next step begins anew
     x THREAD FILE CONNECTION SCRIPT                   a script that ran to its end */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static __thread int depth = 0; /* SQLite asks itself too, while it works for the program */
static int file = -1;

typedef struct {
  char* text;
  size_t size;
} Line;

static void add(Line* line, const char* format, ...) __attribute__((format(printf, 2, 3)));
static void add(Line* line, const char* format, ...) {
  va_list args;
  char* piece = NULL;
  va_start(args, format);
  const int size = vasprintf(&piece, format, args);
  va_end(args);
  if (size < 0 || (line->text = realloc(line->text, line->size + (size_t)size + 1)) == NULL) abort();
  memcpy(line->text + line->size, piece, (size_t)size + 1);
  line->size += (size_t)size;
  free(piece);
}

static void add_value(Line* line, char type, const void* data, size_t size) {
  static const char kHex[] = "0123456789abcdef";
  add(line, " %c%s", type, size == 0 ? "-" : "");
  if ((line->text = realloc(line->text, line->size + 2 * size + 1)) == NULL) abort();
  for (size_t i = 0; i < size; ++i) {
    const unsigned char byte = ((const unsigned char*)data)[i];
    line->text[line->size++] = kHex[byte >> 4];
    line->text[line->size++] = kHex[byte & 15];
  }
  line->text[line->size] = '\0';
}

static void add_file(Line* line, sqlite3* db) {
  const char* name = sqlite3_db_filename(db, "main");
  add_value(line, 't', name, name == NULL ? 0 : strlen(name));
}

/* One write, so that threads and processes do not mix. */
static void end(Line* line) {
  if (file < 0) file = open(getenv("MLEAN_SQL_RECORD"), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  add(line, "\n");
  if (file < 0 || write(file, line->text, line->size) != (ssize_t)line->size) abort();
  free(line->text);
}

int sqlite3_prepare_v3(sqlite3* db, const char* sql, int size, unsigned flags, sqlite3_stmt** statement, const char** tail) {
  ++depth;
  const int code = REAL(sqlite3_prepare_v3)(db, sql, size, flags, statement, tail);
  --depth;
  if (code != SQLITE_OK || depth > 0) return code;
  Line line = {0};
  add(&line, "p %d %p", gettid(), (void*)*statement);
  add_file(&line, db);
  add(&line, " %p", (void*)db);
  add_value(&line, 't', sql, tail != NULL ? (size_t)(*tail - sql) : size < 0 ? strlen(sql) : (size_t)size);
  end(&line);
  return code;
}

int sqlite3_exec(sqlite3* db, const char* sql, int (*row)(void*, int, char**, char**), void* data, char** message) {
  ++depth;
  const int code = REAL(sqlite3_exec)(db, sql, row, data, message);
  --depth;
  if (code != SQLITE_OK || depth > 0) return code;
  Line line = {0};
  add(&line, "x %d", gettid());
  add_file(&line, db);
  add(&line, " %p", (void*)db);
  add_value(&line, 't', sql, strlen(sql));
  end(&line);
  return code;
}

static void bound(sqlite3_stmt* statement, int number, char type, const void* data, size_t size) {
  Line line = {0};
  add(&line, "b %p %d", (void*)statement, number);
  add_value(&line, type, data, size);
  end(&line);
}

int sqlite3_bind_int64(sqlite3_stmt* statement, int number, sqlite3_int64 value) {
  char text[32];
  bound(statement, number, 'i', text, (size_t)snprintf(text, sizeof text, "%lld", value));
  return REAL(sqlite3_bind_int64)(statement, number, value);
}

int sqlite3_bind_double(sqlite3_stmt* statement, int number, double value) {
  char text[32];
  bound(statement, number, 'f', text, (size_t)snprintf(text, sizeof text, "%.17g", value));
  return REAL(sqlite3_bind_double)(statement, number, value);
}

int sqlite3_bind_text64(sqlite3_stmt* statement, int number, const char* data, sqlite3_uint64 size, void (*gone)(void*), unsigned char encoding) {
  bound(statement, number, 't', data, size);
  return REAL(sqlite3_bind_text64)(statement, number, data, size, gone, encoding);
}

int sqlite3_bind_blob64(sqlite3_stmt* statement, int number, const void* data, sqlite3_uint64 size, void (*gone)(void*)) {
  bound(statement, number, 'b', data, size);
  return REAL(sqlite3_bind_blob64)(statement, number, data, size, gone);
}

int sqlite3_bind_null(sqlite3_stmt* statement, int number) {
  bound(statement, number, 'n', NULL, 0);
  return REAL(sqlite3_bind_null)(statement, number);
}

static void add_column(Line* line, sqlite3_stmt* statement, int column) {
  char text[32];
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      add_value(line, 'i', text, (size_t)snprintf(text, sizeof text, "%lld", sqlite3_column_int64(statement, column)));
      break;
    case SQLITE_FLOAT:
      add_value(line, 'f', text, (size_t)snprintf(text, sizeof text, "%.17g", sqlite3_column_double(statement, column)));
      break;
    case SQLITE_TEXT: {
      const unsigned char* data = sqlite3_column_text(statement, column);
      add_value(line, 't', data, (size_t)sqlite3_column_bytes(statement, column));
      break;
    }
    case SQLITE_BLOB: {
      const void* data = sqlite3_column_blob(statement, column);
      add_value(line, 'b', data, (size_t)sqlite3_column_bytes(statement, column));
      break;
    }
    default: add_value(line, 'n', NULL, 0);
  }
}

int sqlite3_step(sqlite3_stmt* statement) {
  ++depth;
  const int code = REAL(sqlite3_step)(statement);
  --depth;
  if (depth > 0) return code;
  sqlite3* db = sqlite3_db_handle(statement);
  Line line = {0};
  add(&line, "s %d %p %d %lld %lld", gettid(), (void*)statement, code, sqlite3_changes64(db), sqlite3_last_insert_rowid(db));
  for (int i = 0; i < sqlite3_data_count(statement); ++i) add_column(&line, statement, i);
  end(&line);
  return code;
}

int sqlite3_reset(sqlite3_stmt* statement) {
  if (depth == 0) {
    Line line = {0};
    add(&line, "r %p", (void*)statement);
    end(&line);
  }
  return REAL(sqlite3_reset)(statement);
}
