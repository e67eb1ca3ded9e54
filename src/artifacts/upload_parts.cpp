#include "artifacts/upload_parts.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "os/files.hpp"

namespace mlean::artifacts {
namespace {

constexpr std::string_view kPrefix = "parts-";
constexpr std::chrono::hours kPartsKept{24};

// kNotFound also for a text that is no id: it must not become part of a path.
Result<std::filesystem::path> Folder(const std::filesystem::path& uploads, std::string_view id) {
  const bool sound = id.size() == 32 && id.find_first_not_of("0123456789abcdef") == id.npos;
  std::filesystem::path folder = uploads / fmt::format("{}{}", kPrefix, sound ? id : "");
  if (!sound || !os::IsDir(folder)) return Fail(Code::kNotFound, fmt::format("cannot find upload '{}'", id));
  return folder;
}

std::filesystem::path PartFile(const std::filesystem::path& folder, int number) { return folder / fmt::format("{:05}", number); }

std::string Etag(int number, std::uint64_t size) { return fmt::format("\"{}-{}\"", number, size); }

Result<std::string> EtagOf(const std::filesystem::path& folder, int number) {
  const Result<os::FileStat> stat = os::StatLink(PartFile(folder, number));
  if (!stat) return Fail(Code::kInvalid, fmt::format("cannot complete the upload: part {} was not sent", number));
  return Etag(number, stat->size);
}

}  // namespace

Result<std::string> BeginParts(const std::filesystem::path& uploads) {
  std::string id = NewHex32();
  TRYV(os::MakeDirs(uploads / fmt::format("{}{}", kPrefix, id)));
  return id;
}

Result<void> CheckUpload(const std::filesystem::path& uploads, std::string_view id) {
  TRYV(Folder(uploads, id));
  return {};
}

Result<std::string> KeepPart(const std::filesystem::path& uploads, std::string_view id, int number,
                             const std::filesystem::path& file) {
  TRY(const std::filesystem::path folder, Folder(uploads, id));
  if (number < 1 || number > kMaxParts) {
    return Fail(Code::kInvalid, fmt::format("cannot keep part {}: parts are numbered from 1 to {}", number, kMaxParts));
  }
  TRYV(os::Rename(file, PartFile(folder, number)));
  return EtagOf(folder, number);
}

Result<JoinedParts> JoinParts(const std::filesystem::path& uploads, std::string_view id, std::vector<PartName> parts) {
  TRY(const std::filesystem::path folder, Folder(uploads, id));
  std::sort(parts.begin(), parts.end(), [](const PartName& a, const PartName& b) { return a.number < b.number; });
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int number = parts[i].number;
    if (i > 0 && parts[i - 1].number == number) {
      return Fail(Code::kInvalid, fmt::format("cannot complete the upload: part {} is named twice", number));
    }
    TRY(const std::string etag, EtagOf(folder, number));
    if (!parts[i].etag.empty() && parts[i].etag != etag) {
      return Fail(Code::kInvalid, fmt::format("cannot complete the upload: part {} has another ETag, {}", number, etag));
    }
  }
  // A join that was cut off is done again from the parts.
  JoinedParts joined{.file = folder / "joined", .blob = {}};
  TRYV(os::Remove(joined.file));
  TRY(os::AppendFile out, os::AppendFile::Open(joined.file));
  Hasher hasher(Hasher::Kind::kSha256);
  for (const PartName& part : parts) {
    TRYV(os::ReadPieces(PartFile(folder, part.number), [&](std::string_view piece) -> Result<void> {
      hasher.Update(piece.data(), piece.size());
      joined.blob.size += static_cast<std::int64_t>(piece.size());
      return out.Append(piece);
    }));
  }
  joined.blob.digest = hasher.HexDigest();
  return joined;
}

Result<void> DropParts(const std::filesystem::path& uploads, std::string_view id) {
  const Result<std::filesystem::path> folder = Folder(uploads, id);
  return folder ? os::RemoveTree(*folder) : Result<void>();
}

Result<void> SweepUploads(const std::filesystem::path& uploads) {
  if (!os::IsDir(uploads)) return {};
  // Both times are of the file system's clock: a simulated one does not count.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  TRY(const std::vector<std::string> names, os::ListDir(uploads));
  for (const std::string& name : names) {
    const Result<os::FileStat> stat = os::StatLink(uploads / name);
    if (!stat) continue;
    const bool parts = name.starts_with(kPrefix) && stat->kind == os::FileKind::kDir;
    if (parts && now - std::chrono::nanoseconds(stat->mtime_ns) < kPartsKept) continue;
    TRYV(os::RemoveTree(uploads / name));
  }
  return {};
}

}  // namespace mlean::artifacts
