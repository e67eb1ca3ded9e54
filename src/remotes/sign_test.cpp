// Signatures against the worked examples of their documentation, and what the parsers of answers do.
#include "remotes/aws_profile.hpp"
#include "remotes/aws_sign.hpp"
#include "remotes/azure_sign.hpp"
#include "remotes/crypto.hpp"
#include "remotes/s3_client.hpp"
#include "remotes/sftp_wire.hpp"
#include "remotes/webdav.hpp"
#include "remotes/xml.hpp"

namespace mlean::remotes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr TimeMs kMay24 = 1'369'353'600'000;  // 2013-05-24T00:00:00Z
const AwsKeys kExampleKeys = {.id = "AKIAIOSFODNN7EXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

std::string SignatureOf(net::Request request) {
  SignAws(request, kExampleKeys, "us-east-1", "s3", kMay24, *PayloadHash(request));
  const std::string& authorization = request.headers.back().second;
  return authorization.substr(authorization.find("Signature=") + 10);
}

// docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
TEST(SignTest, AmazonsExamples) {
  const std::string host = "https://examplebucket.s3.amazonaws.com";
  EXPECT_EQ(SignatureOf({.url = host + "/test.txt", .headers = {{"Range", "bytes=0-9"}}}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(SignatureOf({.method = "PUT",
                         .url = host + "/test%24file.text",
                         .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         .body = "Welcome to Amazon S3."}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(SignatureOf({.url = host + "/?lifecycle"}), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(SignatureOf({.url = host + "/?prefix=J&max-keys=2"}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SignTest, AzuresText) {
  net::Request request{.method = "PUT",
                       .url = "http://127.0.0.1:10000/devstoreaccount1/c/a%20b?comp=block&blockid=YQ%3D%3D",
                       .headers = {{"x-ms-version", "2020-10-02"}, {"Content-MD5", "abc"}, {"X-Ms-Date", "now "}},
                       .body = "four"};
  EXPECT_EQ(AzureStringToSign(request, "devstoreaccount1"),
            "PUT\n\n\n4\nabc\n\n\n\n\n\n\n\nx-ms-date:now\nx-ms-version:2020-10-02\n"
            "/devstoreaccount1/devstoreaccount1/c/a%20b\nblockid:YQ==\ncomp:block");
  EXPECT_EQ(HttpDate(784'111'777'000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(HttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  const auto values = ReadConnectionString("AccountName=a;AccountKey=b==; BlobEndpoint=http://x/;;");
  EXPECT_EQ(values.find("accountkey")->second, "b==");
  EXPECT_EQ(values.find("blobendpoint")->second, "http://x/");
}

TEST(CryptoTest, KnownAnswers) {
  EXPECT_EQ(Base64Url("\xff\xfe\xfd?"), "__79Pw");
  EXPECT_EQ(Md5Base64(""), "1B2M2Y8AsgTpgAmY7PhCfg==");
  EXPECT_EQ(SignRs256("no key", "x").error().code, Code::kInvalid);
}

TEST(ProfileTest, ReadsIni) {
  const IniFile file = ReadIni(
      "# note\n[default]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n  max_concurrent_requests=20\noutput = json\n"
      "[profile x]\naws_access_key_id=A=B\nnonsense\n[broken\n");
  EXPECT_EQ(file.at("default").at("region"), "eu-west-1");
  EXPECT_EQ(file.at("default").at("s3.addressing_style"), "path");
  EXPECT_EQ(file.at("default").at("s3.max_concurrent_requests"), "20");
  EXPECT_EQ(file.at("default").at("output"), "json");
  EXPECT_EQ(file.at("profile x").at("aws_access_key_id"), "A=B");
}

TEST(XmlTest, ReadsListings) {
  const S3Page page = *ReadS3Page(
      R"(<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType>
      <IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>
      <Contents><Key>a+b%2Fc</Key><Size>12</Size><ETag>"x"</ETag></Contents><Contents><Key>d</Key><Size>0</Size></Contents></ListBucketResult>)");
  EXPECT_EQ(page.next, "t&1");
  EXPECT_THAT(page.files, ElementsAre(std::pair("a b/c", 12u), std::pair("d", 0u)));
  EXPECT_EQ(ReadS3Page("<html><body>hi</body></html>").error().what, "cannot read the answer: it is no listing");
  EXPECT_THAT(ReadS3Page("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>").error().what,
              HasSubstr("does not say where"));
  EXPECT_THAT(ReadS3Page("<ListBucketResult>").error().what, HasSubstr("it is no XML"));
  EXPECT_THAT(ReadS3Page("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>").error().what, HasSubstr("document type"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  EXPECT_THAT(ReadXml(deep, [](auto, auto) -> Result<void> { return {}; }).error().what, HasSubstr("too deep"));
  EXPECT_EQ(ReadXmlError("<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>")->code, "NoSuchKey");
  EXPECT_FALSE(ReadXmlError("plain"));
}

TEST(XmlTest, ReadsWebDavListings) {
  const auto entries = *ReadDavListing(
      R"(<D:multistatus xmlns:D="DAV:"><D:response><D:href>/dav/x/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop></D:propstat></D:response>
      <D:response><D:href>http://h:1/dav/x/a%20b</D:href><D:propstat><D:prop><D:getcontentlength>7</D:getcontentlength><D:resourcetype/></D:prop></D:propstat></D:response>
      <D:response><D:href>/dav/x/sub/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop></D:propstat></D:response>
      <D:response><D:href>/dav/x/..</D:href></D:response><D:response><D:href>/etc/passwd</D:href></D:response></D:multistatus>)",
      "http://h:1/dav/x/");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "a b");
  EXPECT_EQ(entries[0].size, 7u);
  EXPECT_FALSE(entries[0].is_dir);
  EXPECT_EQ(entries[1].name, "sub");
  EXPECT_TRUE(entries[1].is_dir);
}

TEST(SftpTest, ReadsAndWritesPackets) {
  using namespace sftp;
  EXPECT_EQ(Packet(Type::kStat, 7, Payload().Text("a").bytes()), std::string("\0\0\0\x0a\x11\0\0\0\x07\0\0\0\x01"
                                                                             "a",
                                                                             14));
  const std::string attrs = Payload().U32(1 | 4).U64(5).U32(0100644).bytes();
  const Reply stat = *ReadReply("\x69" + Payload().U32(7).bytes() + attrs);
  EXPECT_EQ(stat.attributes.size, 5u);
  EXPECT_TRUE(stat.attributes.IsFile());
  const Reply names = *ReadReply("\x68" + Payload().U32(7).U32(1).Text("n").Text("long").bytes() + attrs);
  ASSERT_EQ(names.names.size(), 1u);
  EXPECT_EQ(names.names[0].name, "n");
  EXPECT_EQ(ReadReply("\x67" + Payload().U32(7).Text("data").bytes())->text, "data");
  EXPECT_EQ(ReadReply("\x65" + Payload().U32(7).U32(2).Text("gone").Text("en").bytes())->status, Status::kNoSuchFile);
  for (const std::string& bad : {std::string(), std::string("\x69"), "\x67" + Payload().U32(7).U32(99).bytes(),
                                 "\x68" + Payload().U32(7).U32(0xffffffff).bytes(), "\x01" + Payload().U32(7).bytes()}) {
    EXPECT_EQ(ReadReply(bad).error().code, Code::kCorrupt);
  }
  EXPECT_THAT(*ReadVersion("\x02" + Payload().U32(3).Text("a").Text("1").bytes()), ElementsAre("a=1"));
}

}  // namespace
}  // namespace mlean::remotes
