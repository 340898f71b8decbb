// The wire format of protocol buffers (protobuf.dev, "Encoding"), as far as counting needs it.
using System.Buffers;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Hosting;

/// <summary>
/// Which fields of a message are messages themselves, so that the fields of one can be counted before it is taken apart: two bytes of an empty message become fifty in memory,
/// and a host may send the largest message full of them.
/// </summary>
/// <param name="Nested">Number and shape of each field that is a message. All others are numbers, text and bytes.</param>
internal sealed record MessageShape(params (int Field, MessageShape Shape)[] Nested)
{
    /// <summary>Most fields of one message, those of messages in it included. A bundle of a hundred members has 700, a full message of an exchange 13,000.</summary>
    public const int MaxFields = 20_000;

    // Tag and length are numbers of 32 bits, a value is one of 64.
    private const int MaxBytesOf32 = 5;
    private const int MaxBytesOf64 = 10;

    private static readonly MessageShape s_flat = new();
    private static readonly MessageShape s_first = new((1, s_flat));
    private static readonly MessageShape s_keygen = s_first;
    private static readonly MessageShape s_bundle = new((1, s_keygen), (2, s_flat), (3, s_flat));
    private static readonly MessageShape s_open = new((2, s_flat), (4, s_flat), (6, s_bundle));
    private static readonly MessageShape s_sign = new((5, s_flat), (6, s_flat));
    private static readonly MessageShape s_combine = new((2, s_flat), (5, s_flat), (6, s_flat), (7, s_bundle));
    private static readonly MessageShape s_singleSign = new((1, s_flat), (3, s_flat));

    private static readonly Dictionary<Type, MessageShape> s_shapes = new()
    {
        [typeof(GetStatusRequest)] = s_flat,
        [typeof(UntrustedConfigure)] = new((2, s_flat), (3, s_flat)),
        [typeof(AwsCredentials)] = s_flat,
        [typeof(UntrustedGenesis)] = s_flat,
        [typeof(UntrustedRewrap)] = new((2, s_flat)),
        [typeof(GetIdentityRequest)] = s_flat,
        [typeof(UntrustedKeygen)] = s_keygen,
        [typeof(UntrustedRegistration)] = new((1, s_keygen), (2, s_flat), (3, s_flat)),
        [typeof(UntrustedBundle)] = s_bundle,
        [typeof(UntrustedOpen)] = s_open,
        [typeof(UntrustedSign)] = s_sign,
        [typeof(UntrustedCombine)] = s_combine,
        [typeof(UntrustedMakeMemberKey)] = s_first,
        [typeof(UntrustedKey)] = s_first,
        [typeof(UntrustedSingleSign)] = s_singleSign,
        [typeof(UntrustedForgetKey)] = s_flat,
        [typeof(UntrustedForget)] = s_flat,
        [typeof(ExchangeCalls)] = new((1, new((2, s_open), (3, s_sign), (4, s_combine), (5, s_singleSign)))),
    };

    /// <summary>The shape of a message the enclave receives.</summary>
    /// <exception cref="KeyNotFoundException">It receives no such message.</exception>
    public static MessageShape Of(Type message) => s_shapes[message];

    /// <summary>Counts.</summary>
    /// <param name="message">The message as it came.</param>
    /// <exception cref="KeyMeldException"><c>limit_exceeded</c>: more than <see cref="MaxFields"/>; <c>bad_request</c>: that is no message.</exception>
    public void Check(ReadOnlySequence<byte> message)
    {
        var reader = new SequenceReader<byte>(message);
        var left = MaxFields;
        Count(ref reader, message.Length, ref left);
    }

    private void Count(ref SequenceReader<byte> reader, long end, ref int left)
    {
        while (reader.Consumed < end)
        {
            if (--left < 0)
            {
                throw new KeyMeldException(ErrorCodes.LimitExceeded, $"A message may have {MaxFields} fields at most.");
            }
            var tag = Number(ref reader, MaxBytesOf32);
            switch (tag & 7)
            {
                case 0:
                    Number(ref reader, MaxBytesOf64);
                    break;
                case 1:
                    Skip(ref reader, 8, end);
                    break;
                case 2:
                    var length = Number(ref reader, MaxBytesOf32);
                    if (Find(tag >> 3) is { } shape && length <= (ulong)(end - reader.Consumed))
                    {
                        shape.Count(ref reader, reader.Consumed + (long)length, ref left);
                        break;
                    }
                    Skip(ref reader, length, end);
                    break;
                case 5:
                    Skip(ref reader, 4, end);
                    break;
                default:
                    throw Malformed();
            }
        }
        if (reader.Consumed > end)
        {
            throw Malformed();
        }
    }

    private MessageShape? Find(ulong field)
    {
        foreach (var (number, shape) in Nested)
        {
            if ((ulong)number == field)
            {
                return shape;
            }
        }
        return null;
    }

    private static ulong Number(ref SequenceReader<byte> reader, int maxBytes)
    {
        ulong number = 0;
        for (var i = 0; i < maxBytes; i++)
        {
            if (!reader.TryRead(out var next))
            {
                throw Malformed();
            }
            number |= (ulong)(next & 0x7f) << (7 * i);
            if (next < 0x80)
            {
                return number;
            }
        }
        throw Malformed();
    }

    private static void Skip(ref SequenceReader<byte> reader, ulong bytes, long end)
    {
        if (bytes > (ulong)(end - reader.Consumed))
        {
            throw Malformed();
        }
        reader.Advance((long)bytes);
    }

    private static KeyMeldException Malformed() => new(ErrorCodes.BadRequest, "That is no message of this protocol.");
}
