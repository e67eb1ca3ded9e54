#include "repo/dvc_error.hpp"

namespace mlean::repo {
namespace {

constexpr std::string_view kConfig = "config file error: ";
constexpr std::string_view kUnexpected = "unexpected error - ";

}  // namespace

DvcFailure UncaughtFailure(const Error& error) {
  const std::string_view text = error.what;
  if (text.starts_with(kConfig)) return {kDvcConfigExit, "configuration error - " + error.what, ""};
  if (text.starts_with(kUnexpected)) return {kDvcFailedExit, error.what, std::string(kUnexpectedFooter)};
  const bool no_repo = text.starts_with("you are not inside of a DVC repository") ||
                       (text.starts_with("directory '") && text.ends_with("' does not exist"));
  return {no_repo ? kDvcNoRepoExit : kDvcFailedExit, error.what, ""};
}

Error ConfigFailure(std::string_view text) { return Fail(Code::kInvalid, std::string(kConfig) + std::string(text)); }

Error UnexpectedFailure(std::string_view text) { return Fail(Code::kInvalid, std::string(kUnexpected) + std::string(text)); }

}  // namespace mlean::repo
