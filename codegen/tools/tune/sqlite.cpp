#include "tools/tune/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace attnc {
namespace {

using attn::StatusCode;
namespace fs = std::filesystem;

constexpr int wait_ms = 60'000;           // for other writers
constexpr int longest_value = 1'000'000;  // a corrupt length must not ask for gigabytes

/// Why the system does not open the file. SQLite tries several ways, and knows of the last one only.
std::string why_not_opened(const std::string& path, bool make) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0666);
  if (fd < 0) return std::strerror(errno);
  close(fd);
  return "try again";
}

/// A file may come from anybody: nothing in it runs, and what its pages say is checked.
void distrust(sqlite3* db) {
  for (const auto& [option, value] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                      {SQLITE_DBCONFIG_ENABLE_VIEW, 0}})
    sqlite3_db_config(db, option, value, nullptr);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, longest_value);
}

}  // namespace

Result<Sqlite> Sqlite::open(const std::string& file, Mode mode) {
  const auto fails = [&](StatusCode code, const std::string& why) {
    return Status(code, fmt::format("{}: {}", file, why));
  };
  std::error_code error;
  const fs::file_type type = fs::status(file, error).type();
  if (type == fs::file_type::directory)
    return fails(StatusCode::invalid_file, "is a folder; expected a file");
  // Opening a pipe or a device might wait for ever.
  if (type != fs::file_type::regular && type != fs::file_type::not_found &&
      type != fs::file_type::none)
    return fails(StatusCode::invalid_file, "is no regular file");
  if (type == fs::file_type::not_found && mode == Mode::read)
    return fails(StatusCode::not_found, "there is no such file");

  Sqlite made;
  made.file_ = file;
  // To read is to open for writing too where that is allowed: after a writer was killed, whoever
  // comes next puts back the pages that it has left half written.
  const int flags = SQLITE_OPEN_READWRITE | (mode == Mode::make ? SQLITE_OPEN_CREATE : 0);
  // A path, so that no name is special to SQLite: ":memory:", "file:...".
  const std::string path = file.starts_with('/') ? file : "./" + file;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  made.db_.reset(db);
  if (code != SQLITE_OK) {
    const bool is_new = mode == Mode::make && type == fs::file_type::not_found;
    return fails(StatusCode::not_found,
                 fmt::format("cannot be opened{}: {}", is_new ? " or made" : "",
                             why_not_opened(path, is_new)));
  }
  distrust(db);
  sqlite3_busy_timeout(db, wait_ms);
  // The rollback journal, not a write-ahead log. Both survive a kill. A log needs memory that
  // processes share, so no network file systems, and leaves two more files that have to be copied
  // with the database. Its advantage, readers beside a writer, is none here: a transaction is one
  // trial, and takes milliseconds.
  // FULL also survives a crash of the machine. It takes milliseconds a trial, where a trial takes
  // seconds.
  for (const char* setting :
       {"PRAGMA journal_mode = DELETE", "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON",
        mode == Mode::read ? "PRAGMA query_only = ON" : "PRAGMA query_only = OFF"}) {
    if (Status s = made.execute(setting); !s.ok()) return s;
  }
  return made;
}

Status Sqlite::error(int code) const {
  const auto fails = [&](StatusCode status, const std::string& why) {
    return Status(status, fmt::format("{}: {}", file_, why));
  };
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return fails(StatusCode::invalid_file,
                   "expected a database of `attnc tune`, got a file of another kind");
    case SQLITE_CORRUPT:
    case SQLITE_TOOBIG:
    case SQLITE_FORMAT:
      return fails(StatusCode::invalid_file,
                   fmt::format("the database is damaged ({}): use a copy, or another file",
                               sqlite3_errmsg(handle())));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fails(StatusCode::unsupported,
                   fmt::format("another process has been writing it for {} s: is it stopped?",
                               wait_ms / 1000));
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return fails(StatusCode::not_found,
                   fmt::format("cannot be written: {}; the file and its folder have to be writable",
                               sqlite3_errmsg(handle())));
    case SQLITE_NOMEM:
      return fails(StatusCode::unsupported, "there is no memory");
    default:
      return fails(StatusCode::not_found, sqlite3_errmsg(handle()));
  }
}

Status Sqlite::execute(const std::string& sql) const {
  Statement statement(*this, sql);
  return statement.finish();
}

Statement::Statement(const Sqlite& db, const std::string& sql) : db_(&db) {
  sqlite3_stmt* made = nullptr;
  code_ = sqlite3_prepare_v2(db.handle(), sql.data(), static_cast<int>(sql.size()), &made, nullptr);
  statement_.reset(made);
}

void Statement::bind(int parameter, std::string_view text) {
  // Not null: an empty text is no NULL.
  const char* data = text.data() ? text.data() : "";
  if (code_ == SQLITE_OK)
    code_ = sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_TRANSIENT,
                                SQLITE_UTF8);
}

void Statement::bind(int parameter, int64_t number) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_.get(), parameter, number);
}

void Statement::bind(int parameter, double number) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_double(statement_.get(), parameter, number);
}

void Statement::step() {
  if (code_ == SQLITE_OK || code_ == SQLITE_ROW) code_ = sqlite3_step(statement_.get());
}

bool Statement::row() {
  step();
  return code_ == SQLITE_ROW;
}

Status Statement::finish() {
  if (code_ == SQLITE_OK) step();
  while (code_ == SQLITE_ROW) step();  // of a statement whose rows nobody reads
  return code_ == SQLITE_DONE ? Status() : db_->error(code_);
}

std::string Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(statement_.get(), column);
  if (!data) return "";
  return {reinterpret_cast<const char*>(data),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Transaction::~Transaction() {
  // SQLite has taken it back itself after some errors; then there is none.
  if (begun_.ok() && !sqlite3_get_autocommit(db_->handle())) (void)db_->execute("ROLLBACK");
}

}  // namespace attnc
