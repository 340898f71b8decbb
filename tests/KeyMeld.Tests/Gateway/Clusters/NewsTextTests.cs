using KeyMeld.Gateway.Cluster;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Gateway.Clusters;

public class NewsTextTests
{
    [Fact]
    public void News_is_its_kind_a_hash_and_a_sender_and_comes_back_as_it_was()
    {
        foreach (var kind in Enum.GetValues<NewsKind>())
        {
            var news = new NewsText(kind, Hash32.Sha256([(byte)kind]), Id16.Random());
            Assert.Equal(news, NewsText.Parse(news.ToString()));
            // NOTIFY takes less than 8000 bytes.
            Assert.True(news.ToString().Length < 128);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("signing")]
    [InlineData("signing 00 00")]
    [InlineData("approval 0000000000000000000000000000000000000000000000000000000000000000 00000000000000000000000000000000")]
    [InlineData("signing 0000000000000000000000000000000000000000000000000000000000000000 00000000000000000000000000000000 more")]
    public void What_others_say_on_the_channel_is_not_news(string text) => Assert.Null(NewsText.Parse(text));
}
