using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>EnableKey, DisableKey, ScheduleKeyDeletion and CancelKeyDeletion ("Key states of AWS KMS keys", KMS developer guide).</summary>
internal static class KeyStateOperations
{
    private const int DefaultWindowDays = 30;

    public static JsonObject? Enable(KmsCall call)
    {
        Change(call, "kms:EnableKey", key => NotPendingDeletion(key) with { State = KeyState.Enabled });
        return null;
    }

    public static JsonObject? Disable(KmsCall call)
    {
        Change(call, "kms:DisableKey", key => NotPendingDeletion(key) with { State = KeyState.Disabled });
        return null;
    }

    public static JsonObject ScheduleDeletion(KmsCall call)
    {
        var days = call.Request.Integer("PendingWindowInDays", 1, 365) ?? DefaultWindowDays;
        if (days is < 7 or > 30)
            throw KmsFault.Validation("PendingWindowInDays must be between 7 and 30, inclusive.");
        var facts = new ConditionFacts().Add("kms:ScheduleKeyDeletionPendingWindowInDays", days.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var key = Change(call, "kms:ScheduleKeyDeletion",
            key => NotPendingDeletion(key) with { State = KeyState.PendingDeletion, DeletionDate = call.Now.AddDays(days) }, facts);
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["DeletionDate"] = AwsTime.Of(key.DeletionDate!.Value),
            ["KeyState"] = key.State.ToString(),
            ["PendingWindowInDays"] = days,
        };
    }

    public static JsonObject CancelDeletion(KmsCall call)
    {
        var key = Change(call, "kms:CancelKeyDeletion", key => key.State == KeyState.PendingDeletion
            ? key with { State = KeyState.Disabled, DeletionDate = null }
            : throw KmsFault.InvalidState($"{key.Arn} is not pending deletion."));
        return new JsonObject { ["KeyId"] = key.Arn };
    }

    public static KeyRecord NotPendingDeletion(KeyRecord key) =>
        key.State == KeyState.PendingDeletion ? throw KmsFault.InvalidState($"{key.Arn} is pending deletion.") : key;

    /// <summary>Cryptographic operations want an enabled key.</summary>
    public static void DemandUsable(KeyRecord key)
    {
        if (NotPendingDeletion(key).State == KeyState.Disabled)
            throw KmsFault.Disabled(key.Arn);
    }

    private static KeyRecord Change(KmsCall call, string action, Func<KeyRecord, KeyRecord> change, ConditionFacts? facts = null)
    {
        var keyId = call.Request.RequiredText("KeyId", maximum: Limits.KeyIdLength);
        call.Request.Check();
        KeyRecord? changed = null;
        call.Service.Store.Update(state => state.WithKey(changed = change(call.Authorized(state, keyId, action, facts))));
        return changed!;
    }
}
