using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Protocol.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>The largest batches the limits allow, and one more.</summary>
public sealed class BatchTests : IDisposable
{
    private readonly Story _story = new();

    [Fact]
    public void P12_the_largest_batch_of_items_reads_back_and_one_more_is_refused()
    {
        var items = _story.MakeItems(Limits.Items);
        var bytes = SigningItems.Encode(items);
        var read = SigningItems.Parse(bytes);
        Assert.Equal(items.Select(item => item.Item), read.Select(item => item.Item));
        Assert.Equal(ErrorCodes.StatementInvalid, Assert.Throws<KeyMeldException>(() => SigningItems.Encode(_story.MakeItems(Limits.Items + 1))).Code);
        var request = _story.Verify(_story.Request(items));
        Assert.Equal(Limits.Items + (Limits.Items / 2), request.PairsOf(NodeId.Enclave(1)).Count);
    }

    [Fact]
    public void P12_the_largest_round_reads_back_and_one_more_is_refused()
    {
        var nonces = Enumerable.Range(0, Limits.ItemSigners).Select(i => new Round1Entry(Story.Id($"{i}"), i % 100, new byte[RoundEntries.NonceSize])).ToArray();
        var read = RoundEntries.ParseRound1(RoundEntries.Encode(nonces));
        Assert.Equal(nonces.Select(entry => (entry.Item, entry.Signer)), read.Select(entry => (entry.Item, entry.Signer)));
        var partials = nonces.Select(entry => new Round2Entry(entry.Item, entry.Signer, Hash32.Sha256([1]))).ToArray();
        Assert.Equal(partials, RoundEntries.ParseRound2(RoundEntries.Encode(partials)));
        Assert.Throws<KeyMeldException>(() => RoundEntries.Encode([.. nonces, nonces[0]]));
        Assert.Throws<KeyMeldException>(() => RoundEntries.Encode([.. partials, partials[0]]));
    }

    public void Dispose() => _story.Dispose();
}
