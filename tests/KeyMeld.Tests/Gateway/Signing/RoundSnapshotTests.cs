using Google.Protobuf;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Signing;

public class RoundSnapshotTests
{
    private static readonly RoundBlob One = Blob(1);
    private static readonly RoundBlob Two = Blob(2);

    public static TheoryData<string> States => ["gathering", "queuing", "opening", "signing", "combining"];

    [Theory]
    [MemberData(nameof(States))]
    public void What_another_gateway_reads_is_where_the_rounds_stand(string word)
    {
        var half = Slots<RoundBlob>.Empty(2).With(1, Two);
        RoundState state = word switch
        {
            "gathering" => new RoundState.Gathering(3, half),
            "queuing" => new RoundState.Queuing(3, half),
            "opening" => new RoundState.Opening(3, half),
            "signing" => new RoundState.Signing(3, [One, Two], half),
            _ => new RoundState.Combining(3, [One, Two], [Two, One]),
        };

        var read = RoundSnapshot.Read(RoundSnapshot.Write(state)!);

        Assert.Equal((state.GetType(), 3), (read.GetType(), read.Number));
        Assert.Equal(RoundSnapshot.Write(state), RoundSnapshot.Write(read));
        foreach (var blob in (RoundBlob[])[One, Two, Blob(3)])
        {
            Assert.Equal(HomeAnswer.Of(state, 1, blob), HomeAnswer.Of(read, 1, blob));
        }
    }

    [Fact]
    public void What_stands_still_is_not_shown_and_what_begins_takes_no_blobs()
    {
        Assert.Null(RoundSnapshot.Write(new RoundState.Lost()));
        Assert.IsType<HomeAnswer.Refused>(HomeAnswer.Of(RoundSnapshot.Read(RoundSnapshot.Write(new RoundState.Reserving(3))!), 0, One));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"state":"elsewhere","attempt":1,"round1":[],"round2":[]}""")]
    [InlineData("""{"state":"gathering","attempt":1,"round1":["AAAA"],"round2":[]}""")]
    [InlineData("""{"state":"signing","attempt":1,"round1":[null],"round2":[]}""")]
    public void Anything_else_is_an_unreadable_row(string text) => Assert.Throws<UnreadableRowException>(() => RoundSnapshot.Read(System.Text.Encoding.UTF8.GetBytes(text)));

    private static RoundBlob Blob(uint node) => new()
    {
        Attempt = 3,
        NodeKind = 1,
        NodeIndex = node,
        Boot = ByteString.CopyFrom(new byte[16]),
        Tau = ByteString.Empty,
        Blob = FakeEnclave.Random(90),
        Signature = FakeEnclave.Random(64),
    };
}
