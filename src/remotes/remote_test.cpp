#include "remotes/remote.hpp"

#include "remotes/download.hpp"
#include "remotes/fixture_test.hpp"
#include "remotes/object_id.hpp"
#include "remotes/options.hpp"

namespace mlean::remotes {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

TEST(ObjectIdTest, NamesAndKeys) {
  const std::string hex = "0123456789abcdef0123456789abcdef";
  const ObjectId file = *ObjectId::Parse(hex);
  EXPECT_EQ(file.Name(), hex);
  EXPECT_EQ(file.Key(), "files/md5/01/23456789abcdef0123456789abcdef");
  const ObjectId dir = *ObjectId::Parse("0123456789ABCDEF0123456789abcdef.dir", true);
  EXPECT_EQ(dir.Name(), hex + ".dir");
  EXPECT_EQ(dir.Key(), "01/23456789abcdef0123456789abcdef.dir");
  EXPECT_EQ(ObjectOfKey(file.Key()), file);
  EXPECT_EQ(ObjectOfKey(dir.Key()), dir);
  for (const char* bad :
       {"", "01/2", "files/md5/01/23456789abcdef0123456789abcdef.tmp", "files/md5/0123456789abcdef0123456789abcdef",
        "files/md5/01/23456789ABCDEF0123456789abcdef", "x/files/md5/01/23456789abcdef0123456789abcdef",
        "files/md5/.0123456789abcdef.tmp", "runs/01/23456789abcdef0123456789abcdef"}) {
    EXPECT_FALSE(ObjectOfKey(bad)) << bad;
  }
  EXPECT_FALSE(ObjectId::Parse(hex + "0"));
  EXPECT_FALSE(ObjectId::Parse("g123456789abcdef0123456789abcdef"));
}

TEST(UrlTest, IsTakenApart) {
  const UrlParts url = SplitUrl("SSH://me:pa%20ss@[::1]:2222/a/b?q=1#f");
  EXPECT_EQ(url.scheme, "ssh");
  EXPECT_EQ(url.user, "me");
  EXPECT_EQ(url.password, "pa%20ss");
  EXPECT_EQ(url.host, "[::1]");
  EXPECT_EQ(url.port, "2222");
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(url.query, "q=1");
  EXPECT_EQ(SchemeOf("s3://b"), "s3");
  for (const char* local : {"/a/b", "a:b", "../x", "file:///tmp", "C://x y", "://"}) {
    EXPECT_EQ(SchemeOf(local), local == std::string("C://x y") ? "c" : "") << local;
  }
  EXPECT_EQ(SafeUrl("https://me:secret@host/p?sig=secret"), "https://me@host/p");
  EXPECT_EQ(SafeUrl("https://host:80/p@q:r"), "https://host:80/p@q:r");
  EXPECT_EQ(SafeUrl("ssh://me:se#c?ret@host/p#f"), "ssh://me@host/p");
  EXPECT_EQ(SplitRemoteUrl("remote://Store/a/b")->name, "store");
  EXPECT_EQ(SplitRemoteUrl("remote://store/a/b")->path, "a/b");
  EXPECT_FALSE(SplitRemoteUrl("s3://store"));
}

TEST(OpenRemoteTest, RefusesWhatItCannotUse) {
  const auto refusal = [](RemoteConfig config) {
    config.name = "r";
    const auto opened = OpenRemote(config, {.environment = [](std::string_view) { return std::nullopt; }});
    return opened ? std::string() : opened.error().what;
  };
  EXPECT_EQ(refusal({}), "cannot use remote 'r': it has no url");
  EXPECT_EQ(refusal({.url = "foo://x"}), "cannot use remote 'r': unsupported url scheme 'foo://'");
  EXPECT_THAT(refusal({.url = "hdfs://x/y"}), HasSubstr("'hdfs://' is not supported"));
  EXPECT_THAT(refusal({.url = "remote://x/y"}), HasSubstr("'remote://' is not supported"));
  EXPECT_EQ(refusal({.url = "s3:///x"}), "cannot use remote 'r': its url names no bucket");
  EXPECT_EQ(refusal({.url = "s3://b", .options = {{"use_ssl", "yes"}}}),
            "cannot use remote 'r': 'use_ssl' must be true or false, not 'yes'");
  EXPECT_THAT(refusal({.url = "s3://b", .options = {{"acl", "private"}, {"grant_read", "x"}}}), HasSubstr("mutually exclusive"));
  EXPECT_THAT(refusal({.url = "s3://b", .options = {{"profile", "none"}}}),
              HasSubstr("the config profile (none) could not be found"));
  EXPECT_THAT(refusal({.url = "s3://b", .options = {{"endpointurl", "host:1"}}}), HasSubstr("invalid endpoint: host:1"));
  EXPECT_THAT(refusal({.url = "s3://b", .options = {{"jobs", "0"}}}), HasSubstr("'jobs' must be from 1 to 1024"));
  EXPECT_THAT(refusal({.url = "http://h/x", .options = {{"auth", "basic"}, {"user", "u"}}}),
              HasSubstr("require both 'user' and 'password'"));
  EXPECT_THAT(refusal({.url = "http://h/x", .options = {{"auth", "digest"}}}),
              HasSubstr("Auth method 'digest' is not supported."));
  EXPECT_THAT(refusal({.url = "http://h/x", .options = {{"auth", "basic"}, {"user", "u"}, {"ask_password", "true"}}}),
              HasSubstr("'ask_password' needs a terminal"));
  EXPECT_THAT(refusal({.url = "ssh://-oProxyCommand=x/y"}), HasSubstr("may not start with '-'"));
  EXPECT_THAT(refusal({.url = "ssh://h/y", .options = {{"port", "x"}}}), HasSubstr("'port' must be from 1 to 65535"));
  EXPECT_THAT(refusal({.url = "azure://c/y"}), HasSubstr("requires either account_name or connection_string"));
  EXPECT_THAT(refusal({.url = "azure://c/y", .options = {{"account_name", "a"}}}), HasSubstr("no credentials found"));
  EXPECT_EQ(refusal({.url = "http://h/x", .options = {{"auth", "basic"}, {"user", "u"}, {"password", "p"}}}), "");
}

class LocalRemoteTest : public RemoteTest {};

TEST_F(LocalRemoteTest, KeepsFiles) {
  const std::filesystem::path file = dir_.path() / "file";
  ASSERT_TRUE(os::WriteFileAtomic(file, std::string(300'000, 'x')));
  ASSERT_TRUE(remote_->Put(file, "a/b/c"));
  ASSERT_TRUE(remote_->Put(file, "a/b/c"));
  EXPECT_EQ(remote_->Put(file, "a/b/c", {.if_absent = true}).error().code, Code::kExists);
  EXPECT_EQ(remote_->Stat("a/b/c")->size, 300'000u);
  EXPECT_TRUE(remote_->Stat("a/b")->is_dir);
  EXPECT_EQ(remote_->Stat("a/x").error().code, Code::kNotFound);
  const std::vector<std::string> keys = {"a/b/c", "a/b", "none"};
  EXPECT_EQ(*remote_->Exists(keys), (std::vector<bool>{true, false, false}));
  std::size_t bytes = 0;
  ASSERT_TRUE(remote_->Read("a/b/c", 299'000, [&](std::string_view piece) -> Result<void> {
    bytes += piece.size();
    return {};
  }));
  EXPECT_EQ(bytes, 1000u);
  ASSERT_TRUE(remote_->Put(file, "a/d"));
  std::vector<std::string> listed;
  const auto list = [&](std::string_view prefix) {
    listed.clear();
    EXPECT_TRUE(remote_->List(prefix, [&](const ListEntry& entry) { return listed.emplace_back(entry.key), true; }));
    return listed;
  };
  EXPECT_THAT(list(""), UnorderedElementsAre("a/b/c", "a/d"));
  EXPECT_THAT(list("a/b/"), UnorderedElementsAre("a/b/c"));
  EXPECT_THAT(list("none/"), testing::IsEmpty());
  EXPECT_TRUE(remote_->Remove(keys));
  EXPECT_FALSE(os::Exists(place_ / "a/b/c"));
}

TEST_F(LocalRemoteTest, RelativeUrlsCountFromTheConfig) {
  const auto remote = OpenRemote({.url = "../store", .config_dir = dir_.path() / ".dvc"});
  EXPECT_EQ((*remote)->url(), (dir_.path() / "store").string());
  const auto home = OpenRemote({.url = "~/store"}, {.environment = [](std::string_view name) {
                                 return name == "HOME" ? std::optional<std::string>("/home/me") : std::nullopt;
                               }});
  EXPECT_EQ((*home)->url(), "/home/me/store");
}

TEST_F(LocalRemoteTest, ABrokenDownloadGoesOnWhereItStopped) {
  const std::string content(20u << 20, 'z');
  const std::filesystem::path file = dir_.path() / "file";
  ASSERT_TRUE(os::WriteFileAtomic(file, content));
  ASSERT_TRUE(remote_->Put(file, "big"));
  const std::filesystem::path target = cache_ / "got";
  std::uint64_t bytes = 0;
  std::atomic<bool> cancel = false;
  auto stopping = *OpenRemote({.url = place_.string()}, {.cancel = &cancel});
  DownloadOptions options{.md5 = Md5Hex(content), .mode = 0444, .on_bytes = [&](std::uint64_t more) {
                            bytes += more;
                            cancel = bytes >= 12u << 20;
                          }};
  EXPECT_EQ(Download(*stopping, "big", target, options).error().code, Code::kCancelled);
  EXPECT_TRUE(os::Exists(cache_ / ".parts/got"));
  cancel = false;
  std::uint64_t read = 0;
  options.on_bytes = [&](std::uint64_t more) { read += more; };
  const Result<Downloaded> done = Download(*remote_, "big", target, options);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->size, content.size());
  EXPECT_FALSE(os::Exists(cache_ / ".parts"));
  EXPECT_EQ(os::ListTree(cache_)->size(), 1u);
  EXPECT_EQ(read, content.size());
  // With little done nothing is left, nor what could not be checked at its end.
  cancel = true;
  EXPECT_FALSE(Download(*stopping, "big", cache_ / "other", {.md5 = Md5Hex(content)}));
  EXPECT_FALSE(Download(*stopping, "big", cache_ / "other", {}));
  EXPECT_EQ(os::ListTree(cache_)->size(), 1u);
}

TEST_F(LocalRemoteTest, ADownloadHasItsBound) {
  ASSERT_TRUE(os::MakeDirs(place_));
  ASSERT_TRUE(os::WriteFileAtomic(place_ / "ten", std::string(10, 'x')));
  EXPECT_TRUE(Download(*remote_, "ten", cache_ / "a", {.max_bytes = 10}));
  EXPECT_EQ(Download(*remote_, "ten", cache_ / "b", {.max_bytes = 9}).error().what, "cannot fetch 'ten': it is over 9 bytes");
  EXPECT_EQ(os::ListTree(cache_)->size(), 1u);
}

}  // namespace
}  // namespace mlean::remotes
