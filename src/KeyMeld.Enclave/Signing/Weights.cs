using KeyMeld.Protocol;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Enclave.Signing;

/// <summary>What a request takes of the memory budget, in bytes: measured sizes of the objects, rounded up. A test holds them against the heap.</summary>
internal static class Weights
{
    private const int Item = 512;
    private const int Key = 1024;
    private const int HeldNonce = 640;
    private const int PairOfWork = 512;
    private const int Session = 512;
    private const int AnswerHead = 512;
    private const int Round2Pair = 96;
    private const int Seal = 256; // of a blob of round 1, with its signature
    private const int Point = 352; // of an and adaptor, with its proof
    private const int ChainByte = 10; // a script tree of small leaves is that much larger in memory than encoded

    /// <summary>Items in the clear, with the wire they came in.</summary>
    public static long Request(int wireBytes, int items) => (3L * wireBytes) + ((long)Item * items) + (Key * Math.Min(items, Limits.DistinctKeys));

    /// <summary>An open attempt beside its request.</summary>
    public static long Opened(PairMap pairs, int own) => (16L * pairs.Count) + ((long)HeldNonce * own);

    /// <summary>The answer to Open, and that to Sign, which must not fail for want of memory.</summary>
    public static long Answers(int round1Bytes, int own) => (2 * AnswerHead) + round1Bytes + ((long)Round2Pair * own);

    /// <summary>Sessions kept for Combine, with the request they are of.</summary>
    public static long Prepared(VerifiedRequest request, PairMap pairs) => ((Item + Session) * (long)request.Items.Count) + (Key * Math.Min(request.Items.Count, Limits.DistinctKeys)) + (16L * pairs.Count) + (Seal * (long)request.Nodes.Count) + ContextBytes(request) + Chains(request) + Points(request);

    /// <summary>The tweak chains that the items bring, each once, as they are shared.</summary>
    public static long Chains(VerifiedRequest request) => ChainByte * request.Items.Select(item => item.Tweaks).OfType<TweakChain>().Distinct().Sum(chain => (long)chain.EncodedLength);

    private static long Points(VerifiedRequest request) => (long)Point * request.Items.Sum(item => item.Points.Count);

    private static long ContextBytes(VerifiedRequest request) => request.Items.Sum(item => (long)(item.Context?.Data.Length ?? 0));

    /// <summary>What opening the blobs of a round takes while it lasts.</summary>
    public static long Work(PairMap pairs, BlobSet set) => ((long)PairOfWork * pairs.Count) + (2 * set.Blobs.Sum(blob => (long)blob.Blob.Length));
}
