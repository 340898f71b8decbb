using Google.Protobuf;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Keys;

/// <summary>POST /keys: a key that its owner imports, or has its enclave make. A made key is made once: a repeated statement is answered with what was made.</summary>
internal sealed class AddKey(GatewayParts parts)
{
    private const int MostSealedBytes = 256;
    private const int MostOfOneOwner = 1000;

    public static readonly Operation Operation = new("addKey", Tags.Keys, "Import a key, or have an enclave make one")
    {
        Description = "A `key` statement of its owner with the sealed secret (imported) or a sealed response secret (made). The answer opens with the response secret only and shows the public key. Repeating the same "
            + "statement makes nothing new; with an `Authorization` of its auth it answers what was made.",
        Access = Access.StatementOrReader,
        Body = new Body(ProtocolJson.Default.KeyRequestJson, BodyReader.StatementBody),
        Replies = [Reply.Created(ProtocolJson.Default.KeyCreatedJson, "The key is there."), Reply.Ok(ProtocolJson.Default.KeyCreatedJson, "This statement was posted before.")],
        Errors = [.. Refusals.OfEnclave, ErrorCodes.EpochRetired, ErrorCodes.EnvelopeMismatch, ErrorCodes.EnvelopeUnreadable, ErrorCodes.KeyReused, ErrorCodes.Conflict, ErrorCodes.Erased],
    };

    private readonly KeyedGate<Hash32> _oneAtATime = new(1);

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var body = await parts.Bodies.ReadAsync(context, ProtocolJson.Default.KeyRequestJson, BodyReader.StatementBody);
        var statement = Signed.ParseKey(body.Value.Key.ToStatement());
        var reader = await parts.Readers.FindAsync(context, body.Bytes);
        var isNew = await IsNewAsync(statement.Hash) && await AddAsync(statement, body.Value.Sealed, context.RequestAborted);
        var record = await parts.KeyStore.FindAsync(statement.Hash);
        if (record is null or { IsErased: true })
        {
            throw OwnerGate.Erased();
        }
        // Whoever repeats a statement need not be who made it: then nothing is said that is not in it.
        var mayRead = isNew || (reader is not null && reader.Equals(statement.Value.Auth));
        var answer = new KeyCreatedJson(statement.Hash, mayRead ? record.Answer : null);
        await Answers.JsonAsync(context, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, answer, ProtocolJson.Default.KeyCreatedJson);
    }

    /// <summary>False where this very statement is there already.</summary>
    private async ValueTask<bool> IsNewAsync(Hash32 key) => await parts.KeyStore.FindAsync(key) switch
    {
        null => true,
        { IsErased: true } => throw OwnerGate.Erased(),
        _ => false,
    };

    private async Task<bool> AddAsync(Signed<KeyStatement> statement, byte[] sealedKey, CancellationToken aborted)
    {
        Check(statement.Value, sealedKey);
        parts.Limits.Key(statement.Value.Auth);
        using var turn = await _oneAtATime.TakeAsync(statement.Hash, aborted);
        if (!await IsNewAsync(statement.Hash))
        {
            return false;
        }
        var auth = statement.Value.Auth.Bytes.ToArray();
        if (await parts.KeyStore.FindByIdAsync(auth, statement.Value.Key) is not null)
        {
            throw Taken();
        }
        var stored = StoredStatement.From(statement.Statement);
        var reply = await parts.Fleet.Get((uint)statement.Value.Enclave.Id).RequireReady().AddKeyAsync(
            new UntrustedKey { Key = stored.ToWire(), Sealed = UnsafeByteOperations.UnsafeWrap(sealedKey) }, aborted);
        var kept = statement.Value.Source == KeySource.Made ? reply.SelfSealed.ToByteArray() : sealedKey;
        return await parts.KeyStore.AddAsync(new NewKey(statement.Hash, auth, statement.Value.Key, parts.NowMs, stored, kept, reply.Answer.ToByteArray()), MostOfOneOwner) switch
        {
            AddedKey.Added => true,
            AddedKey.Repeated => false,
            AddedKey.Taken => throw Taken(),
            _ => throw new KeyMeldException(ErrorCodes.LimitExceeded, $"One authorisation key may have {MostOfOneOwner} keys, erased ones included; draw another for more."),
        };
    }

    private static void Check(KeyStatement key, byte[] sealedKey)
    {
        if (sealedKey.Length is 0 or > MostSealedBytes)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "sealed must hold one HPKE blob.");
        }
        if (key.Envelope is { } envelope && Hash32.Sha256(sealedKey) != envelope)
        {
            throw new KeyMeldException(ErrorCodes.EnvelopeMismatch, "The sealed key is not the one the statement names.");
        }
    }

    private static KeyMeldException Taken() => new(ErrorCodes.Conflict, "Another key stands under this key id.");
}
