using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using KeyMeld.Enclave.Hosting;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Hosting;

public class MessageShapeTests
{
    [Fact]
    public void Every_message_the_enclave_receives_has_the_shape_of_its_definition()
    {
        var received = EnclaveReflection.Descriptor.Services.SelectMany(service => service.Methods).Select(method => method.InputType).DistinctBy(type => type.FullName).ToList();
        Assert.True(received.Count > 15);
        Assert.All(received, type => Compare(type, MessageShape.Of(type.ClrType)));
    }

    [Fact]
    public void A_message_may_have_so_many_fields_and_no_more_wherever_they_are()
    {
        var half = Enumerable.Repeat(new Envelope { Participant = 1 }, MessageShape.MaxFields / 4 - 1).ToArray();
        var open = new UntrustedOpen { Bundle = new UntrustedBundle { Envelopes = { half, half } }, Attempt = 1 };
        // The bundle, its envelopes with a number each, the attempt.
        Assert.Equal(MessageShape.MaxFields - 2, 1 + (4 * half.Length) + 1);
        open.Roster = ByteString.CopyFrom(1);
        open.Items = ByteString.CopyFrom(new byte[1000]);
        Check(open);
        open.Bundle.Keygen = new UntrustedKeygen();
        Assert.Equal(ErrorCodes.LimitExceeded, Refusal(open.ToByteArray()));
    }

    [Fact]
    public void What_lies_in_bytes_is_not_counted()
    {
        Check(new UntrustedOpen { Items = ByteString.CopyFrom(new byte[1 << 20]) });
        Check(new UntrustedOpen { Request = new SignedStatement { Statement = ByteString.CopyFrom(new byte[1 << 20]) } });
    }

    [Theory]
    [InlineData("0a")]                      // a field without a length
    [InlineData("0a05")]                    // longer than the message
    [InlineData("320412050000")]            // longer than the message around it, not than the whole
    [InlineData("320312ff01000000")]        // a length that ends outside of its message
    [InlineData("3001")]                    // "bundle" as a number, which is a field that nobody knows: counted, not refused
    [InlineData("08")]                      // a number without bytes
    [InlineData("08ffffffffffffffffffff01")] // a number of eleven bytes
    [InlineData("8080808080800a")]          // a tag of seven
    [InlineData("0affffffffff7f")]          // a length of six
    [InlineData("0b")]                      // a group
    [InlineData("0d010203")]                // four bytes of which one is missing
    [InlineData("0901020304050607")]        // eight, likewise
    [InlineData("0affffffff0f")]            // four gigabytes
    public void What_is_no_message_is_refused_and_so_is_everything_the_parser_refuses(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        if (hex == "3001")
        {
            MessageShape.Of(typeof(UntrustedOpen)).Check(new ReadOnlySequence<byte>(bytes));
            return;
        }
        Assert.Equal(ErrorCodes.BadRequest, Refusal(bytes));
    }

    [Fact]
    public void A_message_in_many_pieces_is_read_like_one_in_one()
    {
        var bytes = new UntrustedSign { Roster = ByteString.CopyFrom(new byte[300]), Attempt = 70_000, Round1 = { new RoundBlob { Blob = ByteString.CopyFrom(new byte[200]), Attempt = 900 } } }.ToByteArray();
        MessageShape.Of(typeof(UntrustedSign)).Check(Pieces(bytes));
        Assert.Equal(ErrorCodes.BadRequest, Assert.Throws<KeyMeldException>(() => MessageShape.Of(typeof(UntrustedSign)).Check(Pieces(bytes[..^1]))).Code);
    }

    private static void Check(UntrustedOpen message) => MessageShape.Of(typeof(UntrustedOpen)).Check(new ReadOnlySequence<byte>(message.ToByteArray()));

    private static string Refusal(byte[] message) => Assert.Throws<KeyMeldException>(() => MessageShape.Of(typeof(UntrustedOpen)).Check(new ReadOnlySequence<byte>(message))).Code;

    private static void Compare(MessageDescriptor type, MessageShape shape)
    {
        var nested = type.Fields.InFieldNumberOrder().Where(field => field.FieldType == FieldType.Message).ToList();
        Assert.Equal(nested.Select(field => field.FieldNumber), shape.Nested.Select(field => field.Field).Order());
        Assert.All(nested, field => Compare(field.MessageType, shape.Nested.Single(of => of.Field == field.FieldNumber).Shape));
    }

    private static ReadOnlySequence<byte> Pieces(byte[] bytes)
    {
        var first = new Piece(bytes[..1], null);
        var last = bytes.Skip(1).Aggregate(first, (before, one) => new Piece([one], before));
        return new ReadOnlySequence<byte>(first, 0, last, 1);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, Piece? before)
        {
            Memory = bytes;
            RunningIndex = before is null ? 0 : before.RunningIndex + 1;
            before?.Next = this;
        }
    }
}
