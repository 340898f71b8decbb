using System.Text;
using System.Text.Json.Nodes;

namespace KeyMeld.DevKit.Kms.Wire;

/// <summary>An answer before it is written.</summary>
internal sealed record KmsAnswer(int Status, byte[] Body)
{
    public static KmsAnswer Success(JsonObject? body) => new(200, body is null ? [] : Encoding.UTF8.GetBytes(body.ToJsonString()));

    public static KmsAnswer Failure(KmsFault fault)
    {
        var body = new JsonObject { ["__type"] = fault.Code };
        if (fault.Text is not null)
            body[fault.Member] = fault.Text;
        return new(fault.Status, Encoding.UTF8.GetBytes(body.ToJsonString()));
    }
}

/// <summary>One request with the answer the emulator gives to it; tests that play a hostile KMS or network get to see and replace it.</summary>
internal sealed record KmsExchange(HttpContext Http, string Operation, ReadOnlyMemory<byte> RequestBody, KmsAnswer Answer);
