using CsCheck;
using KeyMeld.Attestation;
using KeyMeld.Tests.Attestation.Mock;
using static KeyMeld.Tests.Attestation.Mock.RawCbor;

namespace KeyMeld.Tests.Attestation;

/// <summary>Broken bytes of every kind: no document survives a change, and nothing but an <see cref="AttestationException"/> ever comes out.</summary>
public class MutationTests
{
    private const int FlipStep = 7;

    private static readonly Gen<Edit[]> Edits =
        Gen.Select(Gen.Enum<EditKind>(), Gen.Int[0, 20_000], Gen.Byte.Array[1, 12], (kind, at, bytes) => new Edit(kind, at, bytes)).Array[1, 4];

    private enum EditKind
    {
        Replace,
        FlipBit,
        Insert,
        Remove,
        Truncate,
    }

    [Theory]
    [InlineData(RealDocuments.Base)]
    [InlineData(RealDocuments.Signed)]
    [InlineData(RealDocuments.Veracruz)]
    public void A_real_document_with_one_flipped_bit_is_refused(string name)
    {
        var document = RealDocuments.Read(name);
        var at = RealDocuments.TimeOf(document);
        for (var i = 0; i < document.Length; i += FlipStep)
        {
            var flipped = document.ToArray();
            flipped[i] ^= (byte)(1 << (i / FlipStep % 8));
            RealDocuments.Refusal(() => RealDocuments.VerifyAt(flipped, at));
        }
    }

    [Fact]
    public void K20_a_mutated_real_document_is_refused_by_an_attestation_exception()
    {
        var document = RealDocuments.Read(RealDocuments.Base);
        var at = RealDocuments.TimeOf(document);
        Edits.Sample(edits => IsRefusedOrUnchanged(document, Apply(document, edits), bytes => RealDocuments.VerifyAt(bytes, at)), iter: 2000);
    }

    [Fact]
    public void K20_a_mutated_payload_with_a_right_signature_gives_nothing_but_an_attestation_exception()
    {
        var payload = MockNitro.Payload([.. MockNitro.Right.Fields(), ("future", RawCbor.Array(Null, Map((Text("a"), Uint(1)))))]);
        Edits.Sample(edits => EndsOrderly(() => MockNitro.Right.Verify(MockNitro.Right.Sign(Apply(payload, edits)))), iter: 1000);
    }

    [Fact]
    public void K20_a_mutated_certificate_with_a_right_signature_is_refused_by_an_attestation_exception()
    {
        var right = MockNitro.Right;
        Gen.Select(Gen.Int[0, 3], Edits).Sample((place, edits) =>
        {
            var original = place == 0 ? right.Certificate : right.Bundle[place];
            var mutated = Apply(original, edits);
            if (mutated.Length is 0 or > 1024)
            {
                return true;
            }
            byte[][] bundle = [.. right.Bundle];
            if (place > 0)
            {
                bundle[place] = mutated;
            }
            var document = right.With(("certificate", Bytes(place == 0 ? mutated : right.Certificate)),
                ("cabundle", RawCbor.Array([.. bundle.Select(der => Bytes(der))])));
            return IsRefusedOrUnchanged(original, mutated, _ => right.Verify(document));
        }, iter: 1000);
    }

    [Fact]
    public void K20_random_bytes_are_refused_by_an_attestation_exception() =>
        Gen.Byte.Array[0, 300].Sample(bytes => IsRefusedOrUnchanged([], [.. bytes, 0], RealDocuments.VerifyAtItsTime), iter: 5000);

    private static bool IsRefusedOrUnchanged(byte[] original, byte[] mutated, Func<byte[], object> verify)
    {
        try
        {
            verify(mutated);
            return original.AsSpan().SequenceEqual(mutated);
        }
        catch (AttestationException)
        {
            return !original.AsSpan().SequenceEqual(mutated);
        }
    }

    private static bool EndsOrderly(Func<object> verify)
    {
        try
        {
            verify();
            return true;
        }
        catch (AttestationException)
        {
            return true;
        }
    }

    private static byte[] Apply(byte[] bytes, Edit[] edits) => edits.Aggregate(bytes, (current, edit) => edit.Apply(current));

    private sealed record Edit(EditKind Kind, int At, byte[] Bytes)
    {
        public byte[] Apply(byte[] target)
        {
            var at = target.Length == 0 ? 0 : At % target.Length;
            var (before, rest) = (target[..at], target[at..]);
            return Kind switch
            {
                EditKind.Replace => [.. before, .. Bytes.Take(rest.Length), .. rest.Skip(Bytes.Length)],
                EditKind.FlipBit => [.. before, .. rest.Take(1).Select(value => (byte)(value ^ 1 << (Bytes[0] % 8))), .. rest.Skip(1)],
                EditKind.Insert => [.. before, .. Bytes, .. rest],
                EditKind.Remove => [.. before, .. rest.Skip(Bytes.Length)],
                _ => before,
            };
        }
    }
}
