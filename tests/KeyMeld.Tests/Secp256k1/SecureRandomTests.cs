using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Secp256k1;

public class SecureRandomTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(100_000)]
    public void Every_byte_is_filled(int length)
    {
        // A byte that is never written stays zero in all 64 draws; a random one does so with probability 2^-512.
        var seen = new byte[length];
        var drawn = new byte[length];
        for (var i = 0; i < 64; i++)
        {
            SecureRandom.Fill(drawn);
            for (var j = 0; j < length; j++)
                seen[j] |= drawn[j];
        }
        Assert.DoesNotContain((byte)0, seen);
    }

    [Fact]
    public void An_empty_span_needs_nothing() => SecureRandom.Fill([]);

    [Fact]
    public void All_sources_are_XORed_over_the_whole_length()
    {
        var destination = new byte[600];
        destination.AsSpan().Fill(0x77);
        byte counter = 0;
        SecureRandom.FillFrom([span => span.Fill(0xf0), span => span.Fill(0x3c), Count], destination);
        var index = 0;
        Assert.All(destination, value => Assert.Equal((byte)(0xf0 ^ 0x3c ^ (index++ % 256)), value));

        void Count(Span<byte> span)
        {
            foreach (ref var value in span)
                value = unchecked(counter++);
        }
    }

    [Fact]
    public void A_source_that_fails_leaves_zeros_and_its_exception()
    {
        var destination = new byte[64];
        Assert.Throws<InvalidOperationException>(() => SecureRandom.FillFrom([span => span.Fill(1), _ => throw new InvalidOperationException()], destination));
        Assert.Equal(new byte[64], destination);
    }

    [Fact]
    public void A_registered_source_is_asked_for_every_byte_from_then_on()
    {
        var asked = 0;
        var thread = Environment.CurrentManagedThreadId;
        RandomSource source = span =>
        {
            Assert.False(span.ContainsAnyExcept((byte)0));
            if (Environment.CurrentManagedThreadId == thread) // other tests draw too
                asked += span.Length;
        };
        SecureRandom.AddSource(source);
        try
        {
            SecureRandom.Fill(new byte[1000]);
            using var key = SecretKey.Generate();
            Assert.Equal(1032, asked);
        }
        finally
        {
            SecureRandom.RemoveSource(source);
        }
        SecureRandom.Fill(new byte[1000]);
        Assert.Equal(1032, asked);
    }
}
